import type { Names } from "../names.ts";
import { byIndex } from "./append.ts";
import { outcomeBlock } from "./tables.ts";

/**
 * Milliseconds until it is looked again whether the older transactions have ended that what is unsorted waits for: a quarter of
 * the time that it has waited, within these bounds.
 */
const unsortedMs = { from: 4, to: 250 };

/**
 * Records how attempts ended, then claims. Settlements are of kind 0 (over), 1 (back to the queue) or 2 (dead, with its dead
 * letter); one of a delivery that its owner has lost changes nothing. Of what is over, the outcome is noted. `p_claim`: of which subscriptions how many are wanted.
 *
 * Rows are changed by their places in the table: a join would be planned by statistics of a table that was empty a moment ago, and
 * compare each of hundreds with all that wait. Conditions on the state, written as a sum so that they choose no index, hold for a
 * row that another transaction has changed meanwhile.
 *
 * Rows of the result: kind 0, a settlement that was lost; 1, a claimed delivery; 2, what is left of a subscription: `i` is 1
 * where something is ready, `seq` says in how many milliseconds the next is due.
 */
export function workFunction({ s, locks }: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${s}.work(p_process int, p_settle json, p_claim json)
RETURNS TABLE (kind int, i int, sub int, seq bigint, replay int, attempts int, queued bigint, ordering text,
  redriven boolean, failures text, replay_id text, recorded boolean, body text)
LANGUAGE plpgsql ${byIndex} AS $fn$
#variable_conflict use_column
DECLARE
  v_now bigint := ${s}.now_ms();
  v_sub int;
  v_held int[];
  v_subs int[];
  v_keys text[];
  v_item record;
  v_room int;
BEGIN
  -- In the order of their numbers, so that nobody waits for somebody who waits for them.
  FOR v_sub IN
    SELECT x.sub FROM json_to_recordset(p_settle) AS x(sub int, ordered boolean) WHERE x.ordered
    UNION SELECT c.sub FROM json_to_recordset(p_claim) AS c(sub int) ORDER BY 1
  LOOP
    PERFORM pg_advisory_xact_lock(${locks.subscription} + v_sub);
  END LOOP;

  IF json_array_length(p_settle) > 0 THEN
    WITH x AS MATERIALIZED (
      SELECT * FROM json_to_recordset(p_settle) AS x(
        i int, sub int, seq bigint, replay int, owner int, attempt int, kind int, attempts int, delay bigint, failures text,
        letter json, name text, outcome text, ran bigint, failed json
      )
    ), found AS MATERIALIZED (
      SELECT x.*, f.place FROM x CROSS JOIN LATERAL (
        SELECT d.ctid AS place FROM ${s}.deliveries d
        WHERE d.seq = x.seq AND d.sub = x.sub AND d.replay = x.replay AND d.state + 0 = 1 AND d.owner = x.owner
          AND d.attempts = x.attempt
        LIMIT 1
      ) AS f
    ), gone AS (
      DELETE FROM ${s}.deliveries d
      WHERE d.ctid = ANY (ARRAY(SELECT f.place FROM found f WHERE f.kind <> 1))
        AND d.state + 0 = 1 AND d.owner = ANY (ARRAY(SELECT DISTINCT f.owner FROM found f))
      RETURNING d.ctid AS place, d.sub, d.ordering, d.seq, d.replay, d.day, d.queued
    ), ended AS MATERIALIZED (
      SELECT f.i, g.* FROM gone g JOIN found f USING (place)
    ), noted AS (
      -- Of events outside of history nobody asks, and the flow of one that history forgot is gone.
      INSERT INTO ${s}.outcomes (day, block, ended, data)
      SELECT e.day, e.seq / ${outcomeBlock}, v_now, json_agg(json_build_array(
        e.seq, x.name, x.outcome, x.attempt, x.ran, greatest(v_now - e.queued, 0), e.replay, x.failed
      ) ORDER BY x.i)
      FROM ended e JOIN x USING (i) WHERE e.day IS NOT NULL AND x.outcome IS NOT NULL
      GROUP BY e.day, e.seq / ${outcomeBlock}
    ), dead AS (
      INSERT INTO ${s}.dead_letters
        (id, subscription, replay, type, event_id, flow, code, accepted, dead, attempts, body, reason, failures)
      SELECT l.id, l.subscription, l.replay, l.type, l.event_id, l.flow, l.code, l.accepted, v_now, l.attempts, l.body,
        l.reason, l.failures
      FROM x JOIN ended USING (i) CROSS JOIN LATERAL json_to_record(x.letter) AS l(
        id text, subscription text, replay text, type text, event_id text, flow text, code text, accepted bigint,
        attempts int, body text, reason text, failures text
      ) WHERE x.kind = 2
    )
    SELECT array_agg(h.i), array_agg(h.sub) FILTER (WHERE h.ordering IS NOT NULL),
      array_agg(h.ordering) FILTER (WHERE h.ordering IS NOT NULL)
    INTO v_held, v_subs, v_keys
    FROM ended h;

    FOR v_item IN
      SELECT * FROM json_to_recordset(p_settle) AS x(
        i int, sub int, seq bigint, replay int, owner int, attempt int, kind int, attempts int, delay bigint, failures text
      ) WHERE x.kind = 1
    LOOP
      UPDATE ${s}.deliveries d
      SET state = CASE WHEN v_item.delay > 0 THEN 2 ELSE 0 END, owner = NULL, attempts = v_item.attempts,
        failures = v_item.failures, due = CASE WHEN v_item.delay > 0 THEN v_now + v_item.delay END
      WHERE d.seq = v_item.seq AND d.sub = v_item.sub AND d.replay = v_item.replay AND d.state + 0 = 1
        AND d.owner = v_item.owner AND d.attempts = v_item.attempt;
      IF FOUND THEN v_held := v_held || v_item.i; END IF;
    END LOOP;

    RETURN QUERY SELECT 0, x.i, NULL::int, NULL::bigint, NULL::int, NULL::int, NULL::bigint, NULL::text, NULL::boolean,
      NULL::text, NULL::text, NULL::boolean, NULL::text
    FROM json_to_recordset(p_settle) AS x(i int, sub int)
    WHERE x.i <> ALL (coalesce(v_held, '{}')) AND EXISTS (SELECT FROM ${s}.subscriptions c WHERE c.id = x.sub);

    IF v_subs IS NOT NULL THEN
      -- The next of each key whose head has ended.
      UPDATE ${s}.deliveries d
      SET state = CASE WHEN d.due > v_now THEN 2 ELSE 0 END, due = CASE WHEN d.due > v_now THEN d.due END
      WHERE d.ctid = ANY (ARRAY(
        SELECT next.place FROM (SELECT DISTINCT * FROM unnest(v_subs, v_keys) AS u(sub, ordering)) AS k CROSS JOIN LATERAL (
          SELECT n.ctid AS place FROM ${s}.deliveries n
          WHERE n.sub = k.sub AND n.ordering = k.ordering AND n.state + 0 = 3 AND (SELECT NOT EXISTS (
            SELECT FROM ${s}.deliveries a WHERE a.sub = k.sub AND a.ordering = k.ordering AND a.state + 0 IN (0, 1, 2)
          ))
          ORDER BY n.seq, n.replay LIMIT 1
        ) AS next
      )) AND d.state + 0 = 3;
    END IF;
  END IF;

  FOR v_item IN
    SELECT x.sub, x.free, c.concurrency, c.ordered, c.filling
    FROM json_to_recordset(p_claim) AS x(sub int, free int) JOIN ${s}.subscriptions c ON c.id = x.sub ORDER BY x.sub
  LOOP
    UPDATE ${s}.deliveries d SET state = 0, due = NULL
    WHERE d.ctid = ANY (ARRAY(
      SELECT u.ctid FROM ${s}.deliveries u
      WHERE u.sub = v_item.sub AND u.state = 2 AND u.due <= v_now ORDER BY u.due LIMIT 1000
    )) AND d.state + 0 = 2;
    IF v_item.ordered THEN PERFORM ${s}.sort(v_item.sub, v_now, ${s}.horizon()); END IF;
    v_room := least(v_item.free, v_item.concurrency - (
      SELECT count(*) FROM (
        SELECT FROM ${s}.deliveries d WHERE d.sub = v_item.sub AND d.state = 1 LIMIT v_item.concurrency
      ) AS claimed
    ));
    -- What the filler has still to bring may come before all of it.
    IF v_room > 0 AND NOT (v_item.ordered AND v_item.filling) THEN
      RETURN QUERY
      WITH taken AS (
        UPDATE ${s}.deliveries d SET state = 1, owner = p_process, attempts = d.attempts + 1
        WHERE d.ctid = ANY (ARRAY(
          SELECT r.ctid FROM ${s}.deliveries r WHERE r.sub = v_item.sub AND r.state = 0
          ORDER BY r.priority, r.seq, r.replay LIMIT v_room
        )) AND d.state + 0 = 0
        RETURNING d.*
      )
      SELECT 1, NULL::int, t.sub, t.seq, t.replay, t.attempts::int, t.queued, t.ordering, t.redriven, t.failures, p.replay,
        t.day IS NOT NULL, coalesce(e.body, k.body)
      FROM taken t
      LEFT JOIN ${s}.events e ON e.day = t.day AND e.seq = t.seq
      LEFT JOIN ${s}.transients k ON t.day IS NULL AND k.seq = t.seq
      LEFT JOIN ${s}.replays p ON p.id = t.replay
      ORDER BY t.priority, t.seq, t.replay;
    END IF;
    RETURN QUERY SELECT 2, CASE WHEN EXISTS (SELECT FROM ${s}.deliveries d WHERE d.sub = v_item.sub AND d.state = 0)
        THEN 1 ELSE 0 END,
      v_item.sub, CASE
        WHEN v_item.ordered AND EXISTS (SELECT FROM ${s}.deliveries d WHERE d.sub = v_item.sub AND d.state = 4) THEN
          least(${unsortedMs.to}, greatest(${unsortedMs.from}, (v_now - (
            SELECT d.queued FROM ${s}.deliveries d WHERE d.sub = v_item.sub AND d.state = 4 ORDER BY d.priority, d.seq LIMIT 1
          )) / 4))
        ELSE (SELECT min(d.due) FROM ${s}.deliveries d WHERE d.sub = v_item.sub AND d.state = 2) - v_now
      END, NULL::int,
      NULL::int, NULL::bigint, NULL::text, NULL::boolean, NULL::text, NULL::text, NULL::boolean, NULL::text;
  END LOOP;
END
$fn$;

CREATE OR REPLACE FUNCTION ${s}.sort(p_sub int, p_now bigint, p_horizon bigint) RETURNS void LANGUAGE plpgsql ${byIndex} AS $fn$
DECLARE
  v_first tid[];
  v_behind tid[];
BEGIN
  -- Of each key the first is ready, or waits for its time, unless another of its key is under way; the rest waits behind it.
  -- Beyond the horizon a transaction under way may still bring one that comes before.
  SELECT array_agg(u.place) FILTER (WHERE NOT u.behind), array_agg(u.place) FILTER (WHERE u.behind) INTO v_first, v_behind
  FROM (
    SELECT n.ctid AS place,
      row_number() OVER (PARTITION BY n.ordering ORDER BY n.seq, n.replay) > 1 OR EXISTS (
        SELECT FROM ${s}.deliveries a WHERE a.sub = p_sub AND a.ordering = n.ordering AND a.state IN (0, 1, 2)
      ) AS behind
    FROM ${s}.deliveries n WHERE n.sub = p_sub AND n.state = 4 AND n.seq <= p_horizon
  ) AS u;
  UPDATE ${s}.deliveries d
  SET state = CASE WHEN d.due > p_now THEN 2 ELSE 0 END, due = CASE WHEN d.due > p_now THEN d.due END
  WHERE d.ctid = ANY (v_first) AND d.state + 0 = 4;
  UPDATE ${s}.deliveries d SET state = 3 WHERE d.ctid = ANY (v_behind) AND d.state + 0 = 4;
END
$fn$;
`;
}
