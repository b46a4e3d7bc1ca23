import type { Names } from "../names.ts";
import { byIndex } from "./append.ts";

/**
 * How far the log can be read: below every number that a transaction under way may still bring. The three steps have to be
 * three statements, each with a snapshot of its own, in this order: `last_value`, the floors, the events.
 */
export function historyFunctions({ s, locks }: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${s}.horizon() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $fn$
DECLARE
  v_last bigint;
  v_floor bigint;
BEGIN
  SELECT last_value INTO v_last FROM ${s}.event_seq;
  SELECT min(((l.classid::bigint & 4095) << 32) | l.objid::bigint) INTO v_floor FROM pg_locks l
  WHERE l.locktype = 'advisory' AND l.objsubid = 1
    AND l.classid::bigint BETWEEN ${locks.floorClass} AND ${locks.floorClass + 4_095}
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database());
  RETURN least(v_last, v_floor);
END
$fn$;

-- What comes after a number, of which no event is of a day before \`p_day\`. The first row has no body: the horizon, the last number
-- given out, and the day of now.
CREATE OR REPLACE FUNCTION ${s}.read_from(p_seq bigint, p_day int, p_limit int)
RETURNS TABLE (seq bigint, accepted bigint, body text, day int)
LANGUAGE plpgsql VOLATILE ${byIndex} AS $fn$
DECLARE
  v_horizon bigint := ${s}.horizon();
BEGIN
  RETURN QUERY SELECT v_horizon, last_value, NULL::text, (${s}.now_ms() / 86400000)::int FROM ${s}.event_seq;
  IF v_horizon > p_seq THEN
    RETURN QUERY SELECT e.seq, e.accepted, e.body, e.day FROM ${s}.events e
      WHERE e.day >= p_day AND e.seq > p_seq AND e.seq <= v_horizon ORDER BY e.seq LIMIT p_limit;
  END IF;
END
$fn$;

-- The number before the first event accepted at or after a time.
CREATE OR REPLACE FUNCTION ${s}.position_before(p_time bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $fn$
DECLARE
  v_horizon bigint := ${s}.horizon();
  v_day int := p_time / 86400000;
  v_first bigint;
BEGIN
  SELECT min(e.seq) - 1 INTO v_first FROM ${s}.events e WHERE e.day >= v_day AND e.accepted >= p_time;
  RETURN least(v_first, v_horizon);
END
$fn$;

-- What the filler of a subscription has to look at next, without what it was given as it was published. The first row has no
-- event: \`day\` is 1 where the subscription is live, \`horizon\` is up to where this is all there is, and \`finished\` says that
-- nothing more will come, as all transactions have ended that routed before it was live.
CREATE OR REPLACE FUNCTION ${s}.to_fill(p_sub int, p_limit int)
RETURNS TABLE (seq bigint, day int, accepted bigint, body text, horizon bigint, finished boolean)
LANGUAGE plpgsql VOLATILE ${byIndex} AS $fn$
DECLARE
  v_sub record;
  v_barrier bigint;
  v_horizon bigint;
  v_finished boolean;
  v_until bigint;
BEGIN
  SELECT * INTO v_sub FROM ${s}.subscriptions WHERE id = p_sub AND filling FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  v_barrier := v_sub.barrier;
  IF v_sub.live_epoch IS NOT NULL AND v_barrier IS NULL THEN
    SELECT last_value INTO v_barrier FROM ${s}.event_seq;
    UPDATE ${s}.subscriptions SET barrier = v_barrier WHERE id = p_sub;
  END IF;
  v_horizon := ${s}.horizon();
  -- Who was there before it went live holds a floor of at most the barrier.
  v_finished := coalesce(v_horizon > v_barrier OR (v_horizon = v_barrier AND NOT ${s}.is_floor(v_barrier)), false);
  v_until := CASE WHEN v_finished THEN (SELECT last_value FROM ${s}.event_seq) ELSE v_horizon END;
  RETURN QUERY SELECT NULL::bigint, CASE WHEN v_sub.live_epoch IS NULL THEN 0 ELSE 1 END, NULL::bigint, NULL::text,
    v_until, v_finished;
  RETURN QUERY SELECT e.seq, e.day, e.accepted, e.body, v_until, v_finished FROM ${s}.events e
    WHERE e.seq > v_sub.filled_to AND e.seq <= v_until AND (v_sub.live_epoch IS NULL OR e.epoch < v_sub.live_epoch)
      AND (v_sub.snap IS NULL OR NOT pg_visible_in_snapshot(e.tx, v_sub.snap))
    ORDER BY e.seq LIMIT p_limit;
END
$fn$;

CREATE OR REPLACE FUNCTION ${s}.is_floor(p_seq bigint) RETURNS boolean LANGUAGE sql VOLATILE AS $fn$
  SELECT EXISTS (
    SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1
      AND l.classid::bigint = ${locks.floorClass} + (p_seq >> 32) AND l.objid::bigint = p_seq & 4294967295
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  )
$fn$;
`;
}
