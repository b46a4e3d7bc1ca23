import type { Names } from "../names.ts";

/**
 * Makes the partitions of the days to come, and drops those that end before `p_cutoff`; what of them is still to be delivered is
 * kept. Lets nobody wait for a lock for longer than a moment: what cannot be had now is tried the next time. True where there is
 * more to do at once.
 */
export function maintenanceFunctions({ s, schema, locks }: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${s}.add_days(p_ahead int) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
DECLARE
  v_today int := ${s}.now_ms() / 86400000;
  v_name text;
  v_table text;
BEGIN
  PERFORM pg_advisory_xact_lock(${locks.maintenance});
  FOREACH v_table IN ARRAY ARRAY['outcomes', 'events'] LOOP
    FOR v_day IN v_today - 1 .. v_today + p_ahead LOOP
      v_name := v_table || '_' || v_day;
      CONTINUE WHEN to_regclass(format('%I.%I', '${schema}', v_name)) IS NOT NULL;
      -- Attached, and not created as a partition, which would wait for every transaction that has published and not ended.
      EXECUTE format('CREATE TABLE %I.%I (LIKE %I.%I INCLUDING ALL, CHECK (day >= %s AND day < %s))',
        '${schema}', v_name, '${schema}', v_table, v_day, v_day + 1);
      EXECUTE format('ALTER TABLE %I.%I ATTACH PARTITION %I.%I FOR VALUES FROM (%s) TO (%s)',
        '${schema}', v_table, '${schema}', v_name, v_day, v_day + 1);
    END LOOP;
  END LOOP;
END
$fn$;

CREATE OR REPLACE FUNCTION ${s}.drop_day(p_cutoff bigint) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $fn$
DECLARE
  v_day int;
BEGIN
  SELECT min(substring(c.relname FROM 8)::int) INTO v_day
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = '${s}.events'::regclass;
  IF v_day IS NULL OR (v_day + 1)::bigint * 86400000 > p_cutoff THEN RETURN false; END IF;
  -- The parent first, as those who read do.
  LOCK TABLE ${s}.events, ${s}.outcomes IN ACCESS EXCLUSIVE MODE;
  INSERT INTO ${s}.transients (seq, accepted, id, type, flow, body)
  SELECT e.seq, e.accepted, e.id, e.type, coalesce(e.flow, e.id), e.body FROM ${s}.events e
  WHERE e.day = v_day AND EXISTS (SELECT FROM ${s}.deliveries d WHERE d.seq = e.seq)
  ON CONFLICT DO NOTHING;
  UPDATE ${s}.deliveries d SET day = NULL WHERE d.day = v_day;
  DELETE FROM ${s}.counts c WHERE c.minute >= v_day::bigint * 1440 AND c.minute < (v_day + 1)::bigint * 1440;
  EXECUTE format('DROP TABLE %I.%I', '${schema}', 'events_' || v_day);
  EXECUTE format('DROP TABLE IF EXISTS %I.%I', '${schema}', 'outcomes_' || v_day);
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END
$fn$;

CREATE OR REPLACE FUNCTION ${s}.clean(p_ids_before bigint, p_limit int) RETURNS boolean LANGUAGE plpgsql AS $fn$
DECLARE
  v_more boolean := false;
  v_count bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(${locks.maintenance} + 1) THEN RETURN false; END IF;
  DELETE FROM ${s}.transients t USING (
    SELECT k.seq FROM ${s}.transients k
    WHERE NOT EXISTS (SELECT FROM ${s}.deliveries d WHERE d.seq = k.seq) LIMIT p_limit FOR UPDATE SKIP LOCKED
  ) AS done WHERE t.seq = done.seq;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  v_more := v_more OR v_count = p_limit;
  DELETE FROM ${s}.deliveries d USING (
    SELECT x.seq, x.sub, x.replay FROM ${s}.deliveries x
    WHERE NOT EXISTS (SELECT FROM ${s}.subscriptions c WHERE c.id = x.sub) LIMIT p_limit
  ) AS orphaned WHERE d.seq = orphaned.seq AND d.sub = orphaned.sub AND d.replay = orphaned.replay;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  v_more := v_more OR v_count = p_limit;
  DELETE FROM ${s}.ids i USING (SELECT o.id FROM ${s}.ids o WHERE o.accepted < p_ids_before LIMIT p_limit) AS old
  WHERE i.id = old.id;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_more OR v_count = p_limit;
END
$fn$;
`;
}
