import type { Names } from "../names.ts";

/*
 * meta: one row. `epoch` counts changes of what the router needs: a publisher that has routed by another one has to do it again.
 * event_seq: the order of acceptance. It is drawn from once here, so that `last_value` is always a number already given out.
 * events: history, a partition a day. `flow` is NULL where it equals the id; `tx` is the transaction that brought it, `epoch`
 *   the one that it was routed by; `terms` are the tags and the metadata ids that have no column of their own.
 * transients: events that no partition holds: outside of history, or forgotten by it, and still to be delivered.
 * ids: ids that callers gave, which no partition could hold unique. `day` is that of the event, NULL where history has none.
 * subscriptions: `concurrency` is 0 while it is paused for all processes, so that none can claim. `live_epoch`: appends routed by it, or by a later one, give it its deliveries; NULL where it is still being
 *   filled from the past. `filled_to`: all events up to it have been looked at by the filler. `snap`: what was visible when it
 *   was made, which it does not get. `barrier`: a number that was given out after it went live. `owner`: the process that it
 *   ends with.
 * deliveries: state 0 ready, 1 claimed, 2 delayed, 3 blocked (behind another of its key), 4 unsorted (of its key nobody knows
 *   yet whether another is before it). `due`: not to be handed over before; `queued`: since when it waits; `day`: of its event,
 *   NULL where that is among the transients.
 * processes: `session`: whether a connection of its holds its lock; if not, `lease_until` says until when it counts as alive.
 *   `missing_since`: when somebody first saw that it does not.
 */
export function firstTables({ s }: Names): string {
  return `
CREATE TABLE ${s}.meta (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  version int NOT NULL,
  epoch bigint NOT NULL DEFAULT 1
);
CREATE SEQUENCE ${s}.event_seq;
SELECT nextval('${s}.event_seq');
CREATE TABLE ${s}.events (
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
CREATE INDEX events_seq ON ${s}.events (seq);
CREATE INDEX events_id ON ${s}.events (id);
CREATE INDEX events_type ON ${s}.events (type, seq);
CREATE INDEX events_flow ON ${s}.events (flow, seq) WHERE flow IS NOT NULL;
CREATE INDEX events_agent ON ${s}.events (agent, seq) WHERE agent IS NOT NULL;
CREATE INDEX events_terms ON ${s}.events USING gin (terms) WHERE terms IS NOT NULL;
CREATE INDEX events_accepted ON ${s}.events USING brin (accepted) WITH (pages_per_range = 32);
CREATE TABLE ${s}.transients (
  seq bigint PRIMARY KEY,
  accepted bigint NOT NULL,
  id text NOT NULL,
  type text NOT NULL,
  flow text NOT NULL,
  body text NOT NULL
);
CREATE INDEX transients_id ON ${s}.transients (id);
CREATE INDEX transients_flow ON ${s}.transients (flow);
CREATE TABLE ${s}.ids (
  id text PRIMARY KEY,
  digest text NOT NULL,
  accepted bigint NOT NULL,
  day int
);
CREATE INDEX ids_accepted ON ${s}.ids USING brin (accepted);
CREATE TABLE ${s}.subscriptions (
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
CREATE TABLE ${s}.deliveries (
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
CREATE INDEX deliveries_turn ON ${s}.deliveries (sub, state, priority, seq, replay);
CREATE INDEX deliveries_due ON ${s}.deliveries (sub, due) WHERE state = 2;
CREATE INDEX deliveries_ordering ON ${s}.deliveries (sub, ordering, seq, replay) WHERE ordering IS NOT NULL;
CREATE TABLE ${s}.replays (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  replay text NOT NULL UNIQUE
);
CREATE TABLE ${s}.dead_letters (
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
CREATE INDEX dead_letters_subscription ON ${s}.dead_letters (subscription, n);
CREATE INDEX dead_letters_flow ON ${s}.dead_letters (flow, n);
CREATE TABLE ${s}.processes (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session boolean NOT NULL DEFAULT false,
  lease_until bigint NOT NULL,
  missing_since bigint
);
`;
}

/** meta: `bus` tells this bus from every other, by whatever way it is reached. */
export function busColumn({ s }: Names): string {
  return `
ALTER TABLE ${s}.meta ADD COLUMN bus uuid NOT NULL DEFAULT gen_random_uuid();
`;
}

/** documents: settings of what serves the bus, such as its webhooks. */
export function documentsTable({ s }: Names): string {
  return `
CREATE TABLE ${s}.documents (name text PRIMARY KEY, body text NOT NULL);
`;
}

/**
 * outcomes: how deliveries of recorded events ended, a partition a day like `events`, and of the day of the event. All that a
 * statement ends of a block of events is one row: `data` is a list of [seq, subscription, outcome, attempts, ran, total, replay,
 * failures], with times in milliseconds.
 */
export function outcomesTable({ s, schema }: Names): string {
  return `
CREATE TABLE ${s}.outcomes (
  day int NOT NULL,
  block bigint NOT NULL,
  ended bigint NOT NULL,
  data json NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX outcomes_block ON ${s}.outcomes (block);
DO $do$
DECLARE
  v_day int;
BEGIN
  -- Of the days that there are already: those to come are made with the partitions of events.
  FOR v_day IN
    SELECT substring(c.relname FROM 8)::int FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = '${s}.events'::regclass
  LOOP
    EXECUTE format('CREATE TABLE %I.%I PARTITION OF ${s}.outcomes FOR VALUES FROM (%s) TO (%s)',
      '${schema}', 'outcomes_' || v_day, v_day, v_day + 1);
  END LOOP;
END
$do$;
`;
}

/** outcomes: what ended lately is found by its time. Rows come in the order of that, so that some bytes stand for many pages. */
export function outcomesIndex({ s }: Names): string {
  return `
CREATE INDEX outcomes_ended ON ${s}.outcomes USING brin (ended) WITH (pages_per_range = 16);
`;
}

/** Events whose outcomes are looked up together. */
export const outcomeBlock = 256;

/** The time by the server's clock, in milliseconds since 1970. */
export function clockFunction({ s }: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${s}.now_ms() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;
`;
}
