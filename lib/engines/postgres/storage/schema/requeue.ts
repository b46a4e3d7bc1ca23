import type { Names } from "../names.ts";
import { byIndex } from "./append.ts";

/** SQLSTATEs of what a redrive is refused for. */
export const refusals = { noDeadLetter: "WG404", underWay: "WG409" } as const;

/**
 * Queues past events again: for a replay, or in place of the dead letter `p_letter`. An event that history has forgotten is kept
 * until it is delivered. Of a replay, what the bound of the backlog leaves no room for becomes a dead letter.
 */
export function requeueFunction({ s }: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${s}.requeue(p_sub int, p_events json, p_replay text, p_letter text, p_most int, p_reason text) RETURNS void
LANGUAGE plpgsql ${byIndex} AS $fn$
DECLARE
  v_now bigint := ${s}.now_ms();
  v_replay int := 0;
  v_room bigint;
  v_accepted bigint;
  v_event record;
  v_seq bigint;
  v_day int;
BEGIN
  IF p_replay IS NOT NULL THEN
    INSERT INTO ${s}.replays (replay) VALUES (p_replay) ON CONFLICT DO NOTHING;
    SELECT id INTO v_replay FROM ${s}.replays WHERE replay = p_replay;
  END IF;
  IF p_letter IS NOT NULL THEN
    DELETE FROM ${s}.dead_letters WHERE id = p_letter RETURNING accepted INTO v_accepted;
    IF NOT FOUND THEN RAISE EXCEPTION 'no dead letter' USING ERRCODE = '${refusals.noDeadLetter}'; END IF;
  ELSIF p_most IS NOT NULL THEN
    SELECT p_most - count(*) INTO v_room FROM (
      SELECT FROM ${s}.deliveries d WHERE d.sub = p_sub AND d.state <> 1 LIMIT p_most
    ) AS waiting;
  END IF;
  FOR v_event IN
    SELECT * FROM json_to_recordset(p_events) AS x(
      id text, type text, flow text, priority int, due bigint, key text, body text
    )
  LOOP
    SELECT e.seq, e.day INTO v_seq, v_day FROM ${s}.events e WHERE e.id = v_event.id LIMIT 1;
    IF NOT FOUND THEN v_seq := NULL; END IF;
    IF EXISTS (
      SELECT FROM ${s}.deliveries d WHERE d.sub = p_sub AND d.replay = v_replay AND (
        d.seq = v_seq OR d.seq IN (SELECT k.seq FROM ${s}.transients k WHERE k.id = v_event.id))
    ) THEN
      IF p_letter IS NULL THEN CONTINUE; END IF;
      RAISE EXCEPTION 'under way' USING ERRCODE = '${refusals.underWay}';
    END IF;
    IF v_room <= 0 THEN
      INSERT INTO ${s}.dead_letters
        (id, subscription, replay, type, event_id, flow, code, accepted, dead, attempts, body, reason, failures)
      SELECT gen_random_uuid()::text, c.name, p_replay, v_event.type, v_event.id, v_event.flow, 'overflow', v_now, v_now, 0,
        v_event.body, p_reason, '[' || p_reason || ']'
      FROM ${s}.subscriptions c WHERE c.id = p_sub;
      CONTINUE;
    END IF;
    IF v_seq IS NULL THEN
      v_seq := nextval('${s}.event_seq');
      v_day := NULL;
      INSERT INTO ${s}.transients (seq, accepted, id, type, flow, body)
      VALUES (v_seq, coalesce(v_accepted, v_now), v_event.id, v_event.type, v_event.flow, v_event.body);
    END IF;
    INSERT INTO ${s}.deliveries (seq, sub, replay, day, state, priority, due, queued, ordering, redriven)
    VALUES (v_seq, p_sub, v_replay, v_day,
      CASE WHEN v_event.key IS NOT NULL THEN 4 WHEN v_event.due > v_now THEN 2 ELSE 0 END, v_event.priority,
      CASE WHEN v_event.due > v_now THEN v_event.due END, v_now, v_event.key, p_letter IS NOT NULL);
    v_room := v_room - 1;
  END LOOP;
END
$fn$;
`;
}
