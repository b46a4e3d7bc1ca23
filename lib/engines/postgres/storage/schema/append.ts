import type { Names } from "../names.ts";

/** Of functions that work on queues: statistics of a table that was empty a moment ago must not choose the plan. */
export const byIndex = "SET enable_seqscan = off SET plan_cache_mode = force_generic_plan";

/**
 * Appends events with their deliveries, or nothing where they were routed by another epoch. `p_slots` names subscriptions of
 * which the caller can take deliveries at once (`free`), or whose backlog is bounded (`wait`, with the `reason` of what exceeds
 * it).
 *
 * The order of its first two steps is what the filler relies on: whoever has seen an epoch holds a floor from before.
 */
export function appendFunction({ s, locks, channel }: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${s}.append(p_process int, p_epoch bigint, p_events json, p_slots json) RETURNS json
LANGUAGE plpgsql ${byIndex} AS $fn$
DECLARE
  v_now bigint;
  v_day int;
  v_item record;
  v_stored record;
  v_known json[] := '{}';
  v_skip int[] := '{}';
  v_subs int[] := '{}';
  v_rooms int[] := '{}';
  v_waits int[] := '{}';
  v_reasons text[] := '{}';
  v_names text[] := '{}';
  v_free int;
  v_wait int;
  v_result json;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(${locks.floor} + (SELECT last_value FROM ${s}.event_seq));
  IF (SELECT epoch FROM ${s}.meta) <> p_epoch THEN RETURN json_build_object('stale', true); END IF;
  v_now := ${s}.now_ms();
  v_day := v_now / 86400000;

  -- In the order of the ids, so that two groups that share some never wait for each other.
  FOR v_item IN
    SELECT x.n, x.id, x.digest, x.history, x.probe
    FROM json_to_recordset(p_events) AS x(n int, id text, digest text, history boolean, probe boolean)
    WHERE x.digest IS NOT NULL ORDER BY x.id, x.n
  LOOP
    IF v_item.probe THEN
      SELECT e.body INTO v_stored FROM ${s}.events e WHERE e.id = v_item.id LIMIT 1;
      IF FOUND THEN
        v_skip := v_skip || v_item.n;
        v_known := v_known || json_build_object('n', v_item.n, 'body', v_stored.body);
        CONTINUE;
      END IF;
    END IF;
    INSERT INTO ${s}.ids (id, digest, accepted, day)
      VALUES (v_item.id, v_item.digest, v_now, CASE WHEN v_item.history THEN v_day END) ON CONFLICT DO NOTHING;
    IF FOUND THEN CONTINUE; END IF;
    SELECT i.digest, e.body INTO v_stored FROM ${s}.ids i
      LEFT JOIN ${s}.events e ON e.id = i.id AND e.day = i.day WHERE i.id = v_item.id;
    v_skip := v_skip || v_item.n;
    v_known := v_known || json_build_object('n', v_item.n, 'body', v_stored.body, 'digest', v_stored.digest);
  END LOOP;

  FOR v_item IN
    SELECT x.sub, x.free, x.wait, x.reason, c.name, c.concurrency
    FROM json_to_recordset(p_slots) AS x(sub int, free int, wait int, reason text)
    JOIN ${s}.subscriptions c ON c.id = x.sub ORDER BY x.sub
  LOOP
    v_free := 0;
    v_wait := NULL;
    -- Only the holder of this lock claims. Nobody waits for it here: who does not get it leaves the claim to others.
    IF v_item.free > 0 AND pg_try_advisory_xact_lock(${locks.subscription} + v_item.sub)
      AND NOT EXISTS (SELECT FROM ${s}.deliveries d WHERE d.sub = v_item.sub AND d.state = 0)
    THEN
      v_free := least(v_item.free, v_item.concurrency - (
        SELECT count(*) FROM (
          SELECT FROM ${s}.deliveries d WHERE d.sub = v_item.sub AND d.state = 1 LIMIT v_item.concurrency
        ) AS claimed
      ));
    END IF;
    IF v_item.wait IS NOT NULL THEN
      v_wait := v_item.wait - (
        SELECT count(*) FROM (
          SELECT FROM ${s}.deliveries d WHERE d.sub = v_item.sub AND d.state <> 1 LIMIT v_item.wait
        ) AS waiting
      );
    END IF;
    v_subs := v_subs || v_item.sub;
    v_rooms := v_rooms || v_free;
    v_waits := v_waits || v_wait;
    v_reasons := v_reasons || v_item.reason;
    v_names := v_names || v_item.name;
  END LOOP;

  WITH e AS MATERIALIZED (
    SELECT nextval('${s}.event_seq') AS seq, x.*
    FROM json_to_recordset(p_events) AS x(
      n int, id text, history boolean, type text, source text, flow text, agent text, happened bigint, accepted bigint, terms text[],
      priority int, due bigint, body text, subs int[], keys text[]
    ) WHERE x.n <> ALL (v_skip)
  ), recorded AS (
    INSERT INTO ${s}.events (seq, day, accepted, happened, epoch, id, type, source, flow, agent, terms, body)
    -- What another log accepted at another time lies in today's partition all the same, and is looked for there.
    SELECT seq, v_day, greatest(least(coalesce(accepted, v_now), v_now), v_day * 86400000::bigint), happened, p_epoch, id, type, source, nullif(flow, id), agent, terms, body FROM e WHERE history
  ), room AS (
    SELECT * FROM unnest(v_subs, v_rooms, v_waits, v_reasons, v_names) AS r(sub, free, wait, reason, name)
  ), wanted AS MATERIALIZED (
    SELECT e.n, e.seq, e.history, e.priority, e.due, t.sub, t.key, r.free, r.wait, r.reason, r.name,
      coalesce(e.due > v_now, false) AS held
    FROM e CROSS JOIN LATERAL unnest(e.subs, e.keys) AS t(sub, key) LEFT JOIN room r ON r.sub = t.sub
  ), placed AS MATERIALIZED (
    SELECT w.*, CASE
      WHEN w.key IS NOT NULL THEN 4
      WHEN w.held THEN 2
      WHEN row_number() OVER (PARTITION BY w.sub, w.held ORDER BY w.priority, w.seq) <= w.free THEN 1
      ELSE 0
    END AS state FROM wanted w
  ), bounded AS MATERIALIZED (
    SELECT p.*, p.state <> 1 AND p.wait IS NOT NULL
      AND row_number() OVER (PARTITION BY p.sub, p.state = 1 ORDER BY p.seq) > p.wait AS excess FROM placed p
  ), queued AS (
    INSERT INTO ${s}.deliveries (seq, sub, day, state, priority, attempts, owner, due, queued, ordering)
    SELECT seq, sub, CASE WHEN history THEN v_day END, state, priority, CASE state WHEN 1 THEN 1 ELSE 0 END,
      CASE state WHEN 1 THEN p_process END, CASE WHEN held THEN due END, v_now, key
    FROM bounded WHERE NOT excess
  ), kept AS (
    INSERT INTO ${s}.transients (seq, accepted, id, type, flow, body)
    SELECT seq, v_now, id, type, flow, body FROM e
    WHERE NOT history AND EXISTS (SELECT FROM bounded b WHERE b.n = e.n AND NOT b.excess)
  ), overflow AS (
    INSERT INTO ${s}.dead_letters
      (id, subscription, type, event_id, flow, code, accepted, dead, attempts, body, reason, failures)
    SELECT gen_random_uuid()::text, b.name, e.type, e.id, e.flow, 'overflow', v_now, v_now, 0, e.body, b.reason,
      '[' || b.reason || ']'
    FROM bounded b JOIN e ON e.n = b.n WHERE b.excess
  )
  SELECT json_build_object(
    'now', v_now,
    'events', (SELECT json_agg(json_build_array(n, seq)) FROM e),
    'claimed', (SELECT json_agg(json_build_array(n, sub) ORDER BY priority, seq) FROM bounded WHERE state = 1),
    'queued', (SELECT json_agg(DISTINCT sub) FROM bounded WHERE state IN (0, 4) AND NOT excess),
    'due', (SELECT json_agg(json_build_array(sub, ms)) FROM (
      SELECT sub, min(due) - v_now AS ms FROM bounded WHERE state = 2 AND NOT excess GROUP BY sub) AS delayed),
    'known', v_known
  ) INTO v_result;
  RETURN v_result;
END
$fn$;

CREATE OR REPLACE FUNCTION ${s}.append_in(p_epoch bigint, p_event json, p_slots json) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
DECLARE
  v_result json;
BEGIN
  -- One that sees the past would route by subscriptions of the past, long after those who watch for that have looked.
  IF current_setting('transaction_isolation') <> 'read committed' THEN RETURN '{"isolation":true}'; END IF;
  v_result := ${s}.append(0, p_epoch, p_event, p_slots);
  PERFORM pg_notify('${channel}', '0:' || coalesce((
    SELECT string_agg(q.sub, ',') FROM json_array_elements_text(
      CASE json_typeof(v_result -> 'queued') WHEN 'array' THEN v_result -> 'queued' ELSE '[]' END) AS q(sub)
  ), ''));
  RETURN v_result;
END
$fn$;
`;
}
