import type { Names } from "../names.ts";
import { byIndex } from "./append.ts";

/**
 * counts: how many events of a type a minute has, of those up to `counted.upto`, and the numbers that they lie between. Publishers write nothing here, since all of
 * them would write the same row: whoever does maintenance counts what has come since.
 */
export function countsTables({ s }: Names): string {
  return `
CREATE TABLE ${s}.counts (
  minute bigint NOT NULL,
  type text NOT NULL,
  count bigint NOT NULL,
  first_seq bigint NOT NULL,
  last_seq bigint NOT NULL,
  PRIMARY KEY (minute, type)
);
CREATE TABLE ${s}.counted (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  upto bigint NOT NULL
);
INSERT INTO ${s}.counted (upto) VALUES (0);
`;
}

/**
 * `count_events`: counts events that nobody has counted, of at most so many numbers; true where there are more. `stats`: whole
 * minutes from the counts, and from the events what is not counted yet, and the incomplete minutes at both ends. Of the
 * conditions on a column, those that are to choose no index are written as a sum.
 */
export function countFunctions({ s }: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${s}.count_events(p_most int) RETURNS boolean LANGUAGE plpgsql ${byIndex} AS $fn$
DECLARE
  v_from bigint;
  v_to bigint;
  v_horizon bigint;
BEGIN
  SELECT c.upto INTO v_from FROM ${s}.counted c FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN false; END IF;
  -- Below it nothing comes any more: what is counted is counted once, and whole.
  v_horizon := ${s}.horizon();
  IF v_horizon <= v_from THEN RETURN false; END IF;
  v_to := least(v_horizon, v_from + p_most);
  INSERT INTO ${s}.counts AS c (minute, type, count, first_seq, last_seq)
  SELECT e.accepted / 60000, e.type, count(*), min(e.seq), max(e.seq) FROM ${s}.events e WHERE e.seq > v_from AND e.seq <= v_to GROUP BY 1, 2
  ON CONFLICT (minute, type) DO UPDATE
    SET count = c.count + excluded.count, first_seq = least(c.first_seq, excluded.first_seq), last_seq = excluded.last_seq;
  UPDATE ${s}.counted SET upto = v_to;
  RETURN v_to < v_horizon;
END
$fn$;

CREATE OR REPLACE FUNCTION ${s}.stats(p_since bigint, p_until bigint, p_minutes boolean)
RETURNS TABLE (minute bigint, type text, count bigint, counted boolean) LANGUAGE plpgsql ${byIndex} AS $fn$
DECLARE
  v_first bigint := (p_since + 59999) / 60000;
  v_last bigint := p_until / 60000;
  v_begun bigint := CASE WHEN p_since IS NOT NULL THEN least(v_first * 60000, p_until) END;
  v_rest bigint := greatest(v_last * 60000, v_begun);
BEGIN
  -- One statement sees one moment: what is counted, and what is not.
  RETURN QUERY
  SELECT CASE WHEN p_minutes THEN c.minute ELSE 0 END, c.type, sum(c.count)::bigint, true FROM ${s}.counts c
  WHERE c.minute >= coalesce(v_first, 0) AND c.minute < coalesce(v_last, 9223372036854775807) GROUP BY 1, 2
  UNION ALL
  SELECT CASE WHEN p_minutes THEN e.accepted / 60000 ELSE 0 END, e.type, count(*), false FROM ${s}.events e
  WHERE e.seq > (SELECT upto FROM ${s}.counted)
    AND (p_since IS NULL OR e.accepted + 0 >= p_since)
    AND (p_until IS NULL OR e.accepted + 0 < p_until) GROUP BY 1, 2
  UNION ALL
  SELECT CASE WHEN p_minutes THEN e.accepted / 60000 ELSE 0 END, e.type, count(*), true
  FROM (VALUES (p_since, v_begun), (v_rest, p_until)) AS edge(since, until) CROSS JOIN LATERAL (
    SELECT min(c.first_seq) AS first, max(c.last_seq) AS last FROM ${s}.counts c WHERE c.minute = edge.since / 60000
  ) AS part JOIN ${s}.events e ON e.day = edge.since / 86400000 AND e.seq >= part.first AND e.seq <= part.last
    AND e.accepted + 0 >= edge.since AND e.accepted + 0 < edge.until
  WHERE edge.since < edge.until GROUP BY 1, 2;
END
$fn$;
`;
}
