BEGIN;
CREATE SCHEMA IF NOT EXISTS "waggle_v1";
-- Version 1
CREATE TABLE "waggle_v1".meta (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  version int NOT NULL,
  epoch bigint NOT NULL DEFAULT 1
);
CREATE SEQUENCE "waggle_v1".event_seq;
SELECT nextval('"waggle_v1".event_seq');
CREATE TABLE "waggle_v1".events (
  seq bigint NOT NULL,
  day int NOT NULL,
  accepted bigint NOT NULL,
  happened bigint NOT NULL,
  epoch bigint NOT NULL,
  tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id text NOT NULL,
  type text NOT NULL,
  source text NOT NULL,
  flow text,
  agent text,
  terms text[],
  body text NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX events_seq ON "waggle_v1".events (seq);
CREATE INDEX events_id ON "waggle_v1".events (id);
CREATE INDEX events_type ON "waggle_v1".events (type, seq);
CREATE INDEX events_flow ON "waggle_v1".events (flow, seq) WHERE flow IS NOT NULL;
CREATE INDEX events_agent ON "waggle_v1".events (agent, seq) WHERE agent IS NOT NULL;
CREATE INDEX events_terms ON "waggle_v1".events USING gin (terms) WHERE terms IS NOT NULL;
CREATE INDEX events_accepted ON "waggle_v1".events USING brin (accepted) WITH (pages_per_range = 32);
CREATE TABLE "waggle_v1".transients (
  seq bigint PRIMARY KEY,
  accepted bigint NOT NULL,
  id text NOT NULL,
  type text NOT NULL,
  flow text NOT NULL,
  body text NOT NULL
);
CREATE INDEX transients_id ON "waggle_v1".transients (id);
CREATE INDEX transients_flow ON "waggle_v1".transients (flow);
CREATE TABLE "waggle_v1".ids (
  id text PRIMARY KEY,
  digest text NOT NULL,
  accepted bigint NOT NULL,
  day int
);
CREATE INDEX ids_accepted ON "waggle_v1".ids USING brin (accepted);
CREATE TABLE "waggle_v1".subscriptions (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  record text NOT NULL,
  concurrency int NOT NULL,
  ordered boolean NOT NULL,
  owner int,
  live_epoch bigint,
  filled_to bigint NOT NULL,
  filling boolean NOT NULL,
  snap pg_snapshot,
  barrier bigint
);
CREATE TABLE "waggle_v1".deliveries (
  seq bigint NOT NULL,
  sub int NOT NULL,
  replay int NOT NULL DEFAULT 0,
  day int,
  state smallint NOT NULL,
  priority smallint NOT NULL,
  attempts smallint NOT NULL DEFAULT 0,
  redriven boolean NOT NULL DEFAULT false,
  owner int,
  due bigint,
  queued bigint NOT NULL,
  ordering text,
  failures text,
  PRIMARY KEY (seq, sub, replay)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
CREATE INDEX deliveries_turn ON "waggle_v1".deliveries (sub, state, priority, seq, replay);
CREATE INDEX deliveries_due ON "waggle_v1".deliveries (sub, due) WHERE state = 2;
CREATE INDEX deliveries_ordering ON "waggle_v1".deliveries (sub, ordering, seq, replay) WHERE ordering IS NOT NULL;
CREATE TABLE "waggle_v1".replays (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  replay text NOT NULL UNIQUE
);
CREATE TABLE "waggle_v1".dead_letters (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE,
  subscription text,
  replay text,
  type text NOT NULL,
  event_id text NOT NULL,
  flow text NOT NULL,
  code text NOT NULL,
  accepted bigint NOT NULL,
  dead bigint NOT NULL,
  attempts int NOT NULL,
  body text NOT NULL,
  reason text NOT NULL,
  failures text NOT NULL
);
CREATE INDEX dead_letters_subscription ON "waggle_v1".dead_letters (subscription, n);
CREATE INDEX dead_letters_flow ON "waggle_v1".dead_letters (flow, n);
CREATE TABLE "waggle_v1".processes (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session boolean NOT NULL DEFAULT false,
  lease_until bigint NOT NULL,
  missing_since bigint
);
CREATE FUNCTION "waggle_v1".now_ms() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;

CREATE FUNCTION "waggle_v1".append(p_process int, p_epoch bigint, p_events json, p_slots json) RETURNS json
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $fn$
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
  PERFORM pg_advisory_xact_lock_shared(5598818761751658496 + (SELECT last_value FROM "waggle_v1".event_seq));
  IF (SELECT epoch FROM "waggle_v1".meta) <> p_epoch THEN RETURN json_build_object('stale', true); END IF;
  v_now := "waggle_v1".now_ms();
  v_day := v_now / 86400000;

  -- In the order of the ids, so that two groups that share some never wait for each other.
  FOR v_item IN
    SELECT x.n, x.id, x.digest, x.history, x.probe
    FROM json_to_recordset(p_events) AS x(n int, id text, digest text, history boolean, probe boolean)
    WHERE x.digest IS NOT NULL ORDER BY x.id, x.n
  LOOP
    IF v_item.probe THEN
      SELECT e.body INTO v_stored FROM "waggle_v1".events e WHERE e.id = v_item.id LIMIT 1;
      IF FOUND THEN
        v_skip := v_skip || v_item.n;
        v_known := v_known || json_build_object('n', v_item.n, 'body', v_stored.body);
        CONTINUE;
      END IF;
    END IF;
    INSERT INTO "waggle_v1".ids (id, digest, accepted, day)
      VALUES (v_item.id, v_item.digest, v_now, CASE WHEN v_item.history THEN v_day END) ON CONFLICT DO NOTHING;
    IF FOUND THEN CONTINUE; END IF;
    SELECT i.digest, e.body INTO v_stored FROM "waggle_v1".ids i
      LEFT JOIN "waggle_v1".events e ON e.id = i.id AND e.day = i.day WHERE i.id = v_item.id;
    v_skip := v_skip || v_item.n;
    v_known := v_known || json_build_object('n', v_item.n, 'body', v_stored.body, 'digest', v_stored.digest);
  END LOOP;

  FOR v_item IN
    SELECT x.sub, x.free, x.wait, x.reason, c.name, c.concurrency
    FROM json_to_recordset(p_slots) AS x(sub int, free int, wait int, reason text)
    JOIN "waggle_v1".subscriptions c ON c.id = x.sub ORDER BY x.sub
  LOOP
    v_free := 0;
    v_wait := NULL;
    -- Only the holder of this lock claims. Nobody waits for it here: who does not get it leaves the claim to others.
    IF v_item.free > 0 AND pg_try_advisory_xact_lock(5598836353937702912 + v_item.sub)
      AND NOT EXISTS (SELECT FROM "waggle_v1".deliveries d WHERE d.sub = v_item.sub AND d.state = 0)
    THEN
      v_free := least(v_item.free, v_item.concurrency - (
        SELECT count(*) FROM (
          SELECT FROM "waggle_v1".deliveries d WHERE d.sub = v_item.sub AND d.state = 1 LIMIT v_item.concurrency
        ) AS claimed
      ));
    END IF;
    IF v_item.wait IS NOT NULL THEN
      v_wait := v_item.wait - (
        SELECT count(*) FROM (
          SELECT FROM "waggle_v1".deliveries d WHERE d.sub = v_item.sub AND d.state <> 1 LIMIT v_item.wait
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
    SELECT nextval('"waggle_v1".event_seq') AS seq, x.*
    FROM json_to_recordset(p_events) AS x(
      n int, id text, history boolean, type text, source text, flow text, agent text, happened bigint, terms text[],
      priority int, due bigint, body text, subs int[], keys text[]
    ) WHERE x.n <> ALL (v_skip)
  ), recorded AS (
    INSERT INTO "waggle_v1".events (seq, day, accepted, happened, epoch, id, type, source, flow, agent, terms, body)
    SELECT seq, v_day, v_now, happened, p_epoch, id, type, source, nullif(flow, id), agent, terms, body FROM e WHERE history
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
    INSERT INTO "waggle_v1".deliveries (seq, sub, day, state, priority, attempts, owner, due, queued, ordering)
    SELECT seq, sub, CASE WHEN history THEN v_day END, state, priority, CASE state WHEN 1 THEN 1 ELSE 0 END,
      CASE state WHEN 1 THEN p_process END, CASE WHEN held THEN due END, v_now, key
    FROM bounded WHERE NOT excess
  ), kept AS (
    INSERT INTO "waggle_v1".transients (seq, accepted, id, type, flow, body)
    SELECT seq, v_now, id, type, flow, body FROM e
    WHERE NOT history AND EXISTS (SELECT FROM bounded b WHERE b.n = e.n AND NOT b.excess)
  ), overflow AS (
    INSERT INTO "waggle_v1".dead_letters
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

CREATE FUNCTION "waggle_v1".append_in(p_epoch bigint, p_event json, p_slots json) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
DECLARE
  v_result json;
BEGIN
  -- One that sees the past would route by subscriptions of the past, long after those who watch for that have looked.
  IF current_setting('transaction_isolation') <> 'read committed' THEN RETURN '{"isolation":true}'; END IF;
  v_result := "waggle_v1".append(0, p_epoch, p_event, p_slots);
  PERFORM pg_notify('waggle_waggle_v1', '0:' || coalesce((
    SELECT string_agg(q.sub, ',') FROM json_array_elements_text(
      CASE json_typeof(v_result -> 'queued') WHEN 'array' THEN v_result -> 'queued' ELSE '[]' END) AS q(sub)
  ), ''));
  RETURN v_result;
END
$fn$;

CREATE FUNCTION "waggle_v1".work(p_process int, p_settle json, p_claim json)
RETURNS TABLE (kind int, i int, sub int, seq bigint, replay int, attempts int, queued bigint, ordering text,
  redriven boolean, failures text, replay_id text, recorded boolean, body text)
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $fn$
#variable_conflict use_column
DECLARE
  v_now bigint := "waggle_v1".now_ms();
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
    PERFORM pg_advisory_xact_lock(5598836353937702912 + v_sub);
  END LOOP;

  IF json_array_length(p_settle) > 0 THEN
    WITH x AS MATERIALIZED (
      SELECT * FROM json_to_recordset(p_settle) AS x(
        i int, sub int, seq bigint, replay int, owner int, attempt int, kind int, attempts int, delay bigint, failures text,
        letter json
      )
    ), ended AS (
      DELETE FROM "waggle_v1".deliveries d USING x
      WHERE x.kind <> 1 AND d.seq = x.seq AND d.sub = x.sub AND d.replay = x.replay AND d.state = 1 AND d.owner = x.owner
        AND d.attempts = x.attempt
      RETURNING x.i, d.sub, d.ordering
    ), put_back AS (
      UPDATE "waggle_v1".deliveries d
      SET state = CASE WHEN x.delay > 0 THEN 2 ELSE 0 END, owner = NULL, attempts = x.attempts, failures = x.failures,
        due = CASE WHEN x.delay > 0 THEN v_now + x.delay END
      FROM x
      WHERE x.kind = 1 AND d.seq = x.seq AND d.sub = x.sub AND d.replay = x.replay AND d.state = 1 AND d.owner = x.owner
        AND d.attempts = x.attempt
      RETURNING x.i
    ), dead AS (
      INSERT INTO "waggle_v1".dead_letters
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
    FROM (SELECT i, sub, ordering FROM ended UNION ALL SELECT i, NULL, NULL FROM put_back) AS h;

    RETURN QUERY SELECT 0, x.i, NULL::int, NULL::bigint, NULL::int, NULL::int, NULL::bigint, NULL::text, NULL::boolean,
      NULL::text, NULL::text, NULL::boolean, NULL::text
    FROM json_to_recordset(p_settle) AS x(i int, sub int)
    WHERE x.i <> ALL (coalesce(v_held, '{}')) AND EXISTS (SELECT FROM "waggle_v1".subscriptions c WHERE c.id = x.sub);

    IF v_subs IS NOT NULL THEN
      -- The next of each key whose head has ended.
      UPDATE "waggle_v1".deliveries d
      SET state = CASE WHEN d.due > v_now THEN 2 ELSE 0 END, due = CASE WHEN d.due > v_now THEN d.due END
      FROM (
        SELECT DISTINCT ON (k.sub, k.ordering) n.seq, n.sub, n.replay
        FROM (SELECT DISTINCT * FROM unnest(v_subs, v_keys) AS u(sub, ordering)) AS k
        JOIN "waggle_v1".deliveries n ON n.sub = k.sub AND n.ordering = k.ordering AND n.state = 3
        WHERE NOT EXISTS (
          SELECT FROM "waggle_v1".deliveries a WHERE a.sub = k.sub AND a.ordering = k.ordering AND a.state IN (0, 1, 2)
        )
        ORDER BY k.sub, k.ordering, n.seq, n.replay
      ) AS next
      WHERE d.seq = next.seq AND d.sub = next.sub AND d.replay = next.replay;
    END IF;
  END IF;

  FOR v_item IN
    SELECT x.sub, x.free, c.concurrency, c.ordered, c.filling
    FROM json_to_recordset(p_claim) AS x(sub int, free int) JOIN "waggle_v1".subscriptions c ON c.id = x.sub ORDER BY x.sub
  LOOP
    UPDATE "waggle_v1".deliveries d SET state = 0, due = NULL
    FROM (
      SELECT u.seq, u.replay FROM "waggle_v1".deliveries u
      WHERE u.sub = v_item.sub AND u.state = 2 AND u.due <= v_now ORDER BY u.due LIMIT 1000
    ) AS due
    WHERE d.seq = due.seq AND d.sub = v_item.sub AND d.replay = due.replay;
    IF v_item.ordered THEN PERFORM "waggle_v1".sort(v_item.sub, v_now, "waggle_v1".horizon()); END IF;
    v_room := least(v_item.free, v_item.concurrency - (
      SELECT count(*) FROM (
        SELECT FROM "waggle_v1".deliveries d WHERE d.sub = v_item.sub AND d.state = 1 LIMIT v_item.concurrency
      ) AS claimed
    ));
    -- What the filler has still to bring may come before all of it.
    IF v_room > 0 AND NOT (v_item.ordered AND v_item.filling) THEN
      RETURN QUERY
      WITH next AS MATERIALIZED (
        SELECT r.seq, r.replay FROM "waggle_v1".deliveries r WHERE r.sub = v_item.sub AND r.state = 0
        ORDER BY r.priority, r.seq, r.replay LIMIT v_room
      ), taken AS (
        UPDATE "waggle_v1".deliveries d SET state = 1, owner = p_process, attempts = d.attempts + 1
        FROM next WHERE d.seq = next.seq AND d.sub = v_item.sub AND d.replay = next.replay AND d.state = 0
        RETURNING d.*
      )
      SELECT 1, NULL::int, t.sub, t.seq, t.replay, t.attempts::int, t.queued, t.ordering, t.redriven, t.failures, p.replay,
        t.day IS NOT NULL, coalesce(e.body, k.body)
      FROM taken t
      LEFT JOIN "waggle_v1".events e ON e.day = t.day AND e.seq = t.seq
      LEFT JOIN "waggle_v1".transients k ON t.day IS NULL AND k.seq = t.seq
      LEFT JOIN "waggle_v1".replays p ON p.id = t.replay
      ORDER BY t.priority, t.seq, t.replay;
    END IF;
    RETURN QUERY SELECT 2, CASE WHEN EXISTS (SELECT FROM "waggle_v1".deliveries d WHERE d.sub = v_item.sub AND d.state = 0)
        THEN 1 ELSE 0 END,
      v_item.sub, CASE
        WHEN v_item.ordered AND EXISTS (SELECT FROM "waggle_v1".deliveries d WHERE d.sub = v_item.sub AND d.state = 4) THEN
          least(250, greatest(4, (v_now - (
            SELECT d.queued FROM "waggle_v1".deliveries d WHERE d.sub = v_item.sub AND d.state = 4 ORDER BY d.priority, d.seq LIMIT 1
          )) / 4))
        ELSE (SELECT min(d.due) FROM "waggle_v1".deliveries d WHERE d.sub = v_item.sub AND d.state = 2) - v_now
      END, NULL::int,
      NULL::int, NULL::bigint, NULL::text, NULL::boolean, NULL::text, NULL::text, NULL::boolean, NULL::text;
  END LOOP;
END
$fn$;

CREATE FUNCTION "waggle_v1".sort(p_sub int, p_now bigint, p_horizon bigint) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $fn$
BEGIN
  -- Of each key the first is ready, or waits for its time, unless another of its key is under way; the rest waits behind it.
  -- Beyond the horizon a transaction under way may still bring one that comes before.
  UPDATE "waggle_v1".deliveries d
  SET state = CASE WHEN u.behind THEN 3 WHEN d.due > p_now THEN 2 ELSE 0 END,
    due = CASE WHEN u.behind OR d.due > p_now THEN d.due END
  FROM (
    SELECT n.seq, n.replay,
      row_number() OVER (PARTITION BY n.ordering ORDER BY n.seq, n.replay) > 1 OR EXISTS (
        SELECT FROM "waggle_v1".deliveries a WHERE a.sub = p_sub AND a.ordering = n.ordering AND a.state IN (0, 1, 2)
      ) AS behind
    FROM "waggle_v1".deliveries n WHERE n.sub = p_sub AND n.state = 4 AND n.seq <= p_horizon
  ) AS u
  WHERE d.seq = u.seq AND d.sub = p_sub AND d.replay = u.replay;
END
$fn$;

CREATE FUNCTION "waggle_v1".beat(p_process int, p_renew bigint, p_grace bigint, p_subs int[]) RETURNS json
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $fn$
DECLARE
  v_now bigint := "waggle_v1".now_ms();
  v_held bigint[];
  v_others int;
  v_gone int[];
BEGIN
  -- Who renews its lease has no connection that holds its lock, or has it no longer.
  IF p_renew > 0 THEN
    UPDATE "waggle_v1".processes SET session = false, lease_until = v_now + p_renew, missing_since = NULL WHERE id = p_process;
  ELSIF p_renew < 0 THEN
    UPDATE "waggle_v1".processes SET session = true WHERE id = p_process AND NOT session;
  END IF;
  SELECT count(*) INTO v_others FROM "waggle_v1".processes WHERE id <> p_process;
  IF v_others > 0 THEN
    SELECT coalesce(array_agg(l.objid::bigint), '{}') INTO v_held FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid = 1303584768::oid AND l.objsubid = 1 AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database());
    UPDATE "waggle_v1".processes p SET missing_since = CASE WHEN m.missing THEN v_now END
    FROM (
      SELECT id, id::bigint <> ALL (v_held) AND (session OR lease_until < v_now) AS missing
      FROM "waggle_v1".processes WHERE id <> p_process
    ) AS m
    WHERE p.id = m.id AND m.missing <> (p.missing_since IS NOT NULL);
    SELECT array_agg(id) INTO v_gone FROM "waggle_v1".processes WHERE missing_since + p_grace <= v_now AND id <> p_process;
  END IF;
  RETURN json_build_object(
    'known', EXISTS (SELECT FROM "waggle_v1".processes WHERE id = p_process),
    'others', v_others,
    'gone', v_gone,
    'epoch', (SELECT epoch FROM "waggle_v1".meta),
    'last', (SELECT last_value FROM "waggle_v1".event_seq),
    'ready', (SELECT json_agg(u.sub) FROM unnest(p_subs) AS u(sub)
      WHERE EXISTS (SELECT FROM "waggle_v1".deliveries d WHERE d.sub = u.sub AND d.state = 0)
        OR EXISTS (SELECT FROM "waggle_v1".deliveries d WHERE d.sub = u.sub AND d.state = 4)),
    'due', (SELECT json_agg(json_build_array(u.sub, n.due - v_now)) FROM unnest(p_subs) AS u(sub)
      CROSS JOIN LATERAL (SELECT min(d.due) AS due FROM "waggle_v1".deliveries d WHERE d.sub = u.sub AND d.state = 2) AS n
      WHERE n.due IS NOT NULL),
    'filling', (SELECT json_agg(c.id) FROM "waggle_v1".subscriptions c WHERE c.filling AND c.id = ANY (p_subs))
  );
END
$fn$;

CREATE FUNCTION "waggle_v1".take_over(p_process int, p_gone int, p_left boolean)
RETURNS TABLE (sub int, seq bigint, replay int, attempts int, queued bigint, ordering text, failures text, replay_id text,
  recorded boolean, body text)
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $fn$
#variable_conflict use_column
BEGIN
  -- Its lock says that it lives after all: it has come back.
  IF NOT p_left AND NOT pg_try_advisory_xact_lock(5598853946123747328 + p_gone) THEN RETURN; END IF;
  DELETE FROM "waggle_v1".processes WHERE id = p_gone AND (p_left OR missing_since IS NOT NULL);
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM FROM "waggle_v1".meta FOR UPDATE;
  DELETE FROM "waggle_v1".subscriptions WHERE owner = p_gone;
  IF FOUND THEN UPDATE "waggle_v1".meta SET epoch = epoch + 1; END IF;
  RETURN QUERY
  WITH taken AS (
    UPDATE "waggle_v1".deliveries d SET owner = p_process
    FROM "waggle_v1".subscriptions c WHERE d.sub = c.id AND d.state = 1 AND d.owner = p_gone
    RETURNING d.*
  )
  SELECT t.sub, t.seq, t.replay, t.attempts::int, t.queued, t.ordering, t.failures, p.replay, t.day IS NOT NULL,
    coalesce(e.body, k.body)
  FROM taken t
  LEFT JOIN "waggle_v1".events e ON e.day = t.day AND e.seq = t.seq
  LEFT JOIN "waggle_v1".transients k ON t.day IS NULL AND k.seq = t.seq
  LEFT JOIN "waggle_v1".replays p ON p.id = t.replay;
END
$fn$;

CREATE FUNCTION "waggle_v1".horizon() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $fn$
DECLARE
  v_last bigint;
  v_floor bigint;
BEGIN
  SELECT last_value INTO v_last FROM "waggle_v1".event_seq;
  SELECT min(((l.classid::bigint & 4095) << 32) | l.objid::bigint) INTO v_floor FROM pg_locks l
  WHERE l.locktype = 'advisory' AND l.objsubid = 1
    AND l.classid::bigint BETWEEN 1303576576 AND 1303580671
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database());
  RETURN least(v_last, v_floor);
END
$fn$;

-- The first row has the horizon and the last number given out, and no body.
CREATE FUNCTION "waggle_v1".read_after(p_seq bigint, p_limit int) RETURNS TABLE (seq bigint, accepted bigint, body text)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $fn$
DECLARE
  v_horizon bigint := "waggle_v1".horizon();
BEGIN
  RETURN QUERY SELECT v_horizon, last_value, NULL::text FROM "waggle_v1".event_seq;
  IF v_horizon > p_seq THEN
    RETURN QUERY SELECT e.seq, e.accepted, e.body FROM "waggle_v1".events e
      WHERE e.seq > p_seq AND e.seq <= v_horizon ORDER BY e.seq LIMIT p_limit;
  END IF;
END
$fn$;

-- The number before the first event accepted at or after a time.
CREATE FUNCTION "waggle_v1".position_before(p_time bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $fn$
DECLARE
  v_horizon bigint := "waggle_v1".horizon();
  v_day int := p_time / 86400000;
  v_first bigint;
BEGIN
  SELECT min(e.seq) - 1 INTO v_first FROM "waggle_v1".events e WHERE e.day >= v_day AND e.accepted >= p_time;
  RETURN least(v_first, v_horizon);
END
$fn$;

-- What the filler of a subscription has to look at next, without what it was given as it was published. The first row has no
-- event: `day` is 1 where the subscription is live, `horizon` is up to where this is all there is, and `finished` says that
-- nothing more will come, as all transactions have ended that routed before it was live.
CREATE FUNCTION "waggle_v1".to_fill(p_sub int, p_limit int)
RETURNS TABLE (seq bigint, day int, accepted bigint, body text, horizon bigint, finished boolean)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $fn$
DECLARE
  v_sub record;
  v_barrier bigint;
  v_horizon bigint;
  v_finished boolean;
  v_until bigint;
BEGIN
  SELECT * INTO v_sub FROM "waggle_v1".subscriptions WHERE id = p_sub AND filling FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  v_barrier := v_sub.barrier;
  IF v_sub.live_epoch IS NOT NULL AND v_barrier IS NULL THEN
    SELECT last_value INTO v_barrier FROM "waggle_v1".event_seq;
    UPDATE "waggle_v1".subscriptions SET barrier = v_barrier WHERE id = p_sub;
  END IF;
  v_horizon := "waggle_v1".horizon();
  -- Who was there before it went live holds a floor of at most the barrier.
  v_finished := coalesce(v_horizon > v_barrier OR (v_horizon = v_barrier AND NOT "waggle_v1".is_floor(v_barrier)), false);
  v_until := CASE WHEN v_finished THEN (SELECT last_value FROM "waggle_v1".event_seq) ELSE v_horizon END;
  RETURN QUERY SELECT NULL::bigint, CASE WHEN v_sub.live_epoch IS NULL THEN 0 ELSE 1 END, NULL::bigint, NULL::text,
    v_until, v_finished;
  RETURN QUERY SELECT e.seq, e.day, e.accepted, e.body, v_until, v_finished FROM "waggle_v1".events e
    WHERE e.seq > v_sub.filled_to AND e.seq <= v_until AND (v_sub.live_epoch IS NULL OR e.epoch < v_sub.live_epoch)
      AND (v_sub.snap IS NULL OR NOT pg_visible_in_snapshot(e.tx, v_sub.snap))
    ORDER BY e.seq LIMIT p_limit;
END
$fn$;

CREATE FUNCTION "waggle_v1".is_floor(p_seq bigint) RETURNS boolean LANGUAGE sql VOLATILE AS $fn$
  SELECT EXISTS (
    SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1
      AND l.classid::bigint = 1303576576 + (p_seq >> 32) AND l.objid::bigint = p_seq & 4294967295
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  )
$fn$;

CREATE FUNCTION "waggle_v1".requeue(p_sub int, p_events json, p_replay text, p_letter text, p_most int, p_reason text) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $fn$
DECLARE
  v_now bigint := "waggle_v1".now_ms();
  v_replay int := 0;
  v_room bigint;
  v_accepted bigint;
  v_event record;
  v_seq bigint;
  v_day int;
BEGIN
  IF p_replay IS NOT NULL THEN
    INSERT INTO "waggle_v1".replays (replay) VALUES (p_replay) ON CONFLICT DO NOTHING;
    SELECT id INTO v_replay FROM "waggle_v1".replays WHERE replay = p_replay;
  END IF;
  IF p_letter IS NOT NULL THEN
    DELETE FROM "waggle_v1".dead_letters WHERE id = p_letter RETURNING accepted INTO v_accepted;
    IF NOT FOUND THEN RAISE EXCEPTION 'no dead letter' USING ERRCODE = 'WG404'; END IF;
  ELSIF p_most IS NOT NULL THEN
    SELECT p_most - count(*) INTO v_room FROM (
      SELECT FROM "waggle_v1".deliveries d WHERE d.sub = p_sub AND d.state <> 1 LIMIT p_most
    ) AS waiting;
  END IF;
  FOR v_event IN
    SELECT * FROM json_to_recordset(p_events) AS x(
      id text, type text, flow text, priority int, due bigint, key text, body text
    )
  LOOP
    SELECT e.seq, e.day INTO v_seq, v_day FROM "waggle_v1".events e WHERE e.id = v_event.id LIMIT 1;
    IF NOT FOUND THEN v_seq := NULL; END IF;
    IF EXISTS (
      SELECT FROM "waggle_v1".deliveries d WHERE d.sub = p_sub AND d.replay = v_replay AND (
        d.seq = v_seq OR d.seq IN (SELECT k.seq FROM "waggle_v1".transients k WHERE k.id = v_event.id))
    ) THEN
      IF p_letter IS NULL THEN CONTINUE; END IF;
      RAISE EXCEPTION 'under way' USING ERRCODE = 'WG409';
    END IF;
    IF v_room <= 0 THEN
      INSERT INTO "waggle_v1".dead_letters
        (id, subscription, replay, type, event_id, flow, code, accepted, dead, attempts, body, reason, failures)
      SELECT gen_random_uuid()::text, c.name, p_replay, v_event.type, v_event.id, v_event.flow, 'overflow', v_now, v_now, 0,
        v_event.body, p_reason, '[' || p_reason || ']'
      FROM "waggle_v1".subscriptions c WHERE c.id = p_sub;
      CONTINUE;
    END IF;
    IF v_seq IS NULL THEN
      v_seq := nextval('"waggle_v1".event_seq');
      v_day := NULL;
      INSERT INTO "waggle_v1".transients (seq, accepted, id, type, flow, body)
      VALUES (v_seq, coalesce(v_accepted, v_now), v_event.id, v_event.type, v_event.flow, v_event.body);
    END IF;
    INSERT INTO "waggle_v1".deliveries (seq, sub, replay, day, state, priority, due, queued, ordering, redriven)
    VALUES (v_seq, p_sub, v_replay, v_day,
      CASE WHEN v_event.key IS NOT NULL THEN 4 WHEN v_event.due > v_now THEN 2 ELSE 0 END, v_event.priority,
      CASE WHEN v_event.due > v_now THEN v_event.due END, v_now, v_event.key, p_letter IS NOT NULL);
    v_room := v_room - 1;
  END LOOP;
END
$fn$;

CREATE FUNCTION "waggle_v1".add_days(p_ahead int) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
DECLARE
  v_today int := "waggle_v1".now_ms() / 86400000;
  v_name text;
BEGIN
  PERFORM pg_advisory_xact_lock(5598871538309791744);
  FOR v_day IN v_today - 1 .. v_today + p_ahead LOOP
    v_name := 'events_' || v_day;
    CONTINUE WHEN to_regclass(format('%I.%I', 'waggle_v1', v_name)) IS NOT NULL;
    -- Attached, and not created as a partition, which would wait for every transaction that has published and not ended.
    EXECUTE format('CREATE TABLE %I.%I (LIKE "waggle_v1".events INCLUDING ALL, CHECK (day >= %s AND day < %s))',
      'waggle_v1', v_name, v_day, v_day + 1);
    EXECUTE format('ALTER TABLE "waggle_v1".events ATTACH PARTITION %I.%I FOR VALUES FROM (%s) TO (%s)',
      'waggle_v1', v_name, v_day, v_day + 1);
  END LOOP;
END
$fn$;

CREATE FUNCTION "waggle_v1".drop_day(p_cutoff bigint) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $fn$
DECLARE
  v_day int;
BEGIN
  SELECT min(substring(c.relname FROM 8)::int) INTO v_day
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = '"waggle_v1".events'::regclass;
  IF v_day IS NULL OR (v_day + 1)::bigint * 86400000 > p_cutoff THEN RETURN false; END IF;
  -- The parent first, as those who read do.
  LOCK TABLE "waggle_v1".events IN ACCESS EXCLUSIVE MODE;
  INSERT INTO "waggle_v1".transients (seq, accepted, id, type, flow, body)
  SELECT e.seq, e.accepted, e.id, e.type, coalesce(e.flow, e.id), e.body FROM "waggle_v1".events e
  WHERE e.day = v_day AND EXISTS (SELECT FROM "waggle_v1".deliveries d WHERE d.seq = e.seq)
  ON CONFLICT DO NOTHING;
  UPDATE "waggle_v1".deliveries d SET day = NULL WHERE d.day = v_day;
  EXECUTE format('DROP TABLE %I.%I', 'waggle_v1', 'events_' || v_day);
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END
$fn$;

CREATE FUNCTION "waggle_v1".clean(p_ids_before bigint, p_limit int) RETURNS boolean LANGUAGE plpgsql AS $fn$
DECLARE
  v_more boolean := false;
  v_count bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(5598871538309791744 + 1) THEN RETURN false; END IF;
  DELETE FROM "waggle_v1".transients t USING (
    SELECT k.seq FROM "waggle_v1".transients k
    WHERE NOT EXISTS (SELECT FROM "waggle_v1".deliveries d WHERE d.seq = k.seq) LIMIT p_limit FOR UPDATE SKIP LOCKED
  ) AS done WHERE t.seq = done.seq;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  v_more := v_more OR v_count = p_limit;
  DELETE FROM "waggle_v1".deliveries d USING (
    SELECT x.seq, x.sub, x.replay FROM "waggle_v1".deliveries x
    WHERE NOT EXISTS (SELECT FROM "waggle_v1".subscriptions c WHERE c.id = x.sub) LIMIT p_limit
  ) AS orphaned WHERE d.seq = orphaned.seq AND d.sub = orphaned.sub AND d.replay = orphaned.replay;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  v_more := v_more OR v_count = p_limit;
  DELETE FROM "waggle_v1".ids i USING (SELECT o.id FROM "waggle_v1".ids o WHERE o.accepted < p_ids_before LIMIT p_limit) AS old
  WHERE i.id = old.id;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_more OR v_count = p_limit;
END
$fn$;
INSERT INTO "waggle_v1".meta (version) VALUES (1);
SELECT "waggle_v1".add_days(7);
COMMIT;
