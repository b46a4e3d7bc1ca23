import type { Names } from "../names.ts";
import { byIndex } from "./append.ts";

/**
 * What a process does from time to time, and what becomes of the deliveries of one that is gone. `p_renew`: for how many
 * milliseconds its lease is renewed; 0 where it still runs; -1 where a connection holds its lock.
 */
export function processFunctions({ s, locks }: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${s}.beat(p_process int, p_renew bigint, p_grace bigint, p_subs int[]) RETURNS json
LANGUAGE plpgsql ${byIndex} AS $fn$
DECLARE
  v_now bigint := ${s}.now_ms();
  v_held bigint[];
  v_others int;
  v_gone int[];
BEGIN
  -- Who renews its lease has no connection that holds its lock, or has it no longer.
  IF p_renew > 0 THEN
    UPDATE ${s}.processes SET session = false, lease_until = v_now + p_renew, missing_since = NULL WHERE id = p_process;
  ELSIF p_renew < 0 THEN
    UPDATE ${s}.processes SET session = true WHERE id = p_process AND NOT session;
  END IF;
  SELECT count(*) INTO v_others FROM ${s}.processes WHERE id <> p_process;
  IF v_others > 0 THEN
    SELECT coalesce(array_agg(l.objid::bigint), '{}') INTO v_held FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid = ${locks.processClass}::oid AND l.objsubid = 1 AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database());
    UPDATE ${s}.processes p SET missing_since = CASE WHEN m.missing THEN v_now END
    FROM (
      SELECT id, id::bigint <> ALL (v_held) AND (session OR lease_until < v_now) AS missing
      FROM ${s}.processes WHERE id <> p_process
    ) AS m
    WHERE p.id = m.id AND m.missing <> (p.missing_since IS NOT NULL);
    SELECT array_agg(id) INTO v_gone FROM ${s}.processes WHERE missing_since + p_grace <= v_now AND id <> p_process;
  END IF;
  RETURN json_build_object(
    'known', EXISTS (SELECT FROM ${s}.processes WHERE id = p_process),
    'others', v_others,
    'gone', v_gone,
    'epoch', (SELECT epoch FROM ${s}.meta),
    'last', (SELECT last_value FROM ${s}.event_seq),
    'ready', (SELECT json_agg(u.sub) FROM unnest(p_subs) AS u(sub)
      WHERE EXISTS (SELECT FROM ${s}.deliveries d WHERE d.sub = u.sub AND d.state = 0)
        OR EXISTS (SELECT FROM ${s}.deliveries d WHERE d.sub = u.sub AND d.state = 4)),
    'due', (SELECT json_agg(json_build_array(u.sub, n.due - v_now)) FROM unnest(p_subs) AS u(sub)
      CROSS JOIN LATERAL (SELECT min(d.due) AS due FROM ${s}.deliveries d WHERE d.sub = u.sub AND d.state = 2) AS n
      WHERE n.due IS NOT NULL),
    'filling', (SELECT json_agg(c.id) FROM ${s}.subscriptions c WHERE c.filling AND c.id = ANY (p_subs))
  );
END
$fn$;

CREATE OR REPLACE FUNCTION ${s}.take_over(p_process int, p_gone int, p_left boolean)
RETURNS TABLE (sub int, seq bigint, replay int, attempts int, queued bigint, ordering text, failures text, replay_id text,
  recorded boolean, body text)
LANGUAGE plpgsql ${byIndex} AS $fn$
#variable_conflict use_column
BEGIN
  -- Its lock says that it lives after all: it has come back.
  IF NOT p_left AND NOT pg_try_advisory_xact_lock(${locks.process} + p_gone) THEN RETURN; END IF;
  DELETE FROM ${s}.processes WHERE id = p_gone AND (p_left OR missing_since IS NOT NULL);
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM FROM ${s}.meta FOR UPDATE;
  DELETE FROM ${s}.subscriptions WHERE owner = p_gone;
  IF FOUND THEN UPDATE ${s}.meta SET epoch = epoch + 1; END IF;
  RETURN QUERY
  WITH taken AS (
    UPDATE ${s}.deliveries d SET owner = p_process
    FROM ${s}.subscriptions c WHERE d.sub = c.id AND d.state = 1 AND d.owner = p_gone
    RETURNING d.*
  )
  SELECT t.sub, t.seq, t.replay, t.attempts::int, t.queued, t.ordering, t.failures, p.replay, t.day IS NOT NULL,
    coalesce(e.body, k.body)
  FROM taken t
  LEFT JOIN ${s}.events e ON e.day = t.day AND e.seq = t.seq
  LEFT JOIN ${s}.transients k ON t.day IS NULL AND k.seq = t.seq
  LEFT JOIN ${s}.replays p ON p.id = t.replay;
END
$fn$;
`;
}
