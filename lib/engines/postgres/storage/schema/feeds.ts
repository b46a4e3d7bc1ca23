import type { Names } from "../names.ts";

/** feeds: how far parts of other logs have been taken over. */
export function feedsTable({ s }: Names): string {
  return `
CREATE TABLE ${s}.feeds (
  name text PRIMARY KEY,
  position bigint NOT NULL
);
`;
}

/** The append that goes with it: nothing where a feed stands elsewhere. */
export function takeOverFunction({ s }: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${s}.take_over(
  p_feed text, p_from bigint, p_to bigint, p_process int, p_epoch bigint, p_events json, p_slots json
) RETURNS json LANGUAGE plpgsql AS $fn$
DECLARE
  v_result json;
BEGIN
  -- Whoever takes over the same feed waits here.
  IF p_from IS NULL THEN
    INSERT INTO ${s}.feeds (name, position) VALUES (p_feed, p_to) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN RETURN json_build_object('moved', true); END IF;
  ELSE
    PERFORM FROM ${s}.feeds f WHERE f.name = p_feed AND f.position = p_from FOR UPDATE;
    IF NOT FOUND THEN RETURN json_build_object('moved', true); END IF;
  END IF;
  v_result := ${s}.append(p_process, p_epoch, p_events, p_slots);
  IF v_result ->> 'stale' = 'true' THEN
    DELETE FROM ${s}.feeds f WHERE f.name = p_feed AND p_from IS NULL;
    RETURN v_result;
  END IF;
  UPDATE ${s}.feeds f SET position = p_to WHERE f.name = p_feed;
  RETURN v_result;
END
$fn$;
`;
}
