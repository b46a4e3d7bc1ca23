import { contentDigest } from "../../../engine/content-digest.ts";
import { noSubscription, unknownCursor } from "../../../engine/errors.ts";
import type { RecordedEvent } from "../../../engine/event-log.ts";
import type { EngineTransfer, OpenDelivery, OpenDeliveryPage } from "../../../engine/transfer.ts";
import { deliverAtMs } from "../../../event/deliver-at.ts";
import { eventColumns, indexed } from "../publishing/event-columns.ts";
import type { Database, Transaction } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { integer, optionalInteger, optionalText, parseEvent, parseFailures, type Row, text } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";

export interface PostgresTransferDependencies {
  readonly database: Database;
  readonly names: Names;
  readonly subscriptionCache: SubscriptionCache;
  /** This process. */
  processId(): number;
}

const dayMs = 86_400_000;
/** Ids of the form that Waggle gives are found by the event itself. */
const generated = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Moves what a schema holds to another engine, or takes over what another one held; the latter as the owner of the schema. */
export class PostgresTransfer implements EngineTransfer {
  readonly #dependencies: PostgresTransferDependencies;
  /** Days of which this process knows that they have a partition. */
  readonly #days = new Set<number>();

  constructor(dependencies: PostgresTransferDependencies) {
    this.#dependencies = dependencies;
  }

  async others(): Promise<number> {
    const { database, names, processId } = this.#dependencies;
    const { s, locks } = names;
    const [row] = await database.call(
      `SELECT count(*) AS count FROM ${s}.processes p WHERE p.id <> $1 AND (
         (NOT p.session AND p.lease_until >= ${s}.now_ms()) OR EXISTS (
           SELECT FROM pg_locks l
           WHERE l.locktype = 'advisory' AND l.classid = ${locks.processClass}::oid AND l.objsubid = 1 AND l.granted
             AND l.objid::bigint = p.id AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())))`,
      [processId()],
    );
    return integer(row?.count);
  }

  async openDeliveries(limit: number, cursor?: string): Promise<OpenDeliveryPage> {
    const { database, names } = this.#dependencies;
    const { s } = names;
    const rows = await database.call(
      `SELECT d.seq, d.sub, d.replay, d.state, d.attempts, d.due, d.queued, d.redriven, d.failures, d.day, c.name,
         p.replay AS replay_id, coalesce(e.body, k.body) AS body, coalesce(e.accepted, k.accepted) AS accepted
       FROM ${s}.deliveries d JOIN ${s}.subscriptions c ON c.id = d.sub
       LEFT JOIN ${s}.events e ON e.day = d.day AND e.seq = d.seq
       LEFT JOIN ${s}.transients k ON d.day IS NULL AND k.seq = d.seq
       LEFT JOIN ${s}.replays p ON p.id = d.replay
       WHERE c.owner IS NULL AND (d.seq, d.sub, d.replay) > ($1, $2, $3) ORDER BY d.seq, d.sub, d.replay LIMIT $4`,
      [...parseCursor(cursor), limit],
    );
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {
      deliveries: rows.map(toOpenDelivery),
      ...(last === undefined ? {} : { cursor: `${last.seq} ${last.sub} ${last.replay}` }),
    };
  }

  async addEvents(recorded: readonly RecordedEvent[]): Promise<void> {
    const { database, names } = this.#dependencies;
    const { s, locks } = names;
    await this.#addDays(new Set(recorded.map(({ acceptedAt }) => Math.floor(acceptedAt / dayMs))));
    const rows = recorded.map(({ event, acceptedAt }, n) => ({
      n,
      accepted: acceptedAt,
      day: Math.floor(acceptedAt / dayMs),
      body: JSON.stringify(event),
      ...eventColumns(event),
      digest: generated.test(event.id) ? null : contentDigest(event),
    }));
    await database.transaction(async (transaction) => {
      await transaction.query(
        `SELECT pg_advisory_xact_lock_shared(${locks.floor} + (SELECT last_value FROM ${s}.event_seq))`,
      );
      await transaction.query(
        `WITH x AS MATERIALIZED (
           SELECT DISTINCT ON (x.id) x.* FROM json_to_recordset($1) AS x(n int, accepted bigint, day int, id text, type text,
             source text, flow text, agent text, happened bigint, terms text[], body text, digest text)
           WHERE NOT EXISTS (SELECT FROM ${s}.events e WHERE e.id = x.id) ORDER BY x.id, x.n
         ), known AS (
           INSERT INTO ${s}.ids (id, digest, accepted, day) SELECT id, digest, accepted, day FROM x WHERE digest IS NOT NULL
           ON CONFLICT DO NOTHING
         )
         INSERT INTO ${s}.events (seq, day, accepted, happened, epoch, id, type, source, flow, agent, terms, body)
         SELECT nextval('${s}.event_seq'), o.day, o.accepted, o.happened, (SELECT epoch FROM ${s}.meta), o.id, o.type, o.source,
           nullif(o.flow, o.id), o.agent, o.terms, o.body
         FROM (SELECT * FROM x ORDER BY n) AS o`,
        [JSON.stringify(rows)],
      );
    });
  }

  async addDeliveries(deliveries: readonly OpenDelivery[]): Promise<void> {
    const { database, names } = this.#dependencies;
    const { s } = names;
    const subs = await this.#subscriptionsOf(deliveries);
    const rows = deliveries.map((delivery, n) => {
      const { event, subscription, acceptedAt, attempts, failures, queuedAt, redriven, replayId } = delivery;
      const sub = subs.get(subscription);
      if (sub === undefined) throw noSubscription(subscription);
      return {
        n,
        sub: sub.id,
        id: event.id,
        type: event.type,
        flow: indexed(event.metadata.correlationId),
        priority: event.metadata.priority,
        key: sub.keyOf === undefined ? null : indexed(sub.keyOf(event)),
        due: delivery.dueAt ?? (event.metadata.deliverAt === undefined ? null : deliverAtMs(event)),
        body: JSON.stringify(event),
        accepted: acceptedAt,
        queued: queuedAt ?? acceptedAt,
        attempts,
        redriven,
        replay: replayId ?? null,
        failures: failures.length === 0 ? null : JSON.stringify(failures),
      };
    });
    const columns = `n int, sub int, id text, type text, flow text, priority int, key text, due bigint, body text,
      accepted bigint, queued bigint, attempts int, redriven boolean, replay text, failures text`;
    const json = JSON.stringify(rows);
    await database.transaction(async (transaction) => {
      await transaction.query(
        `INSERT INTO ${s}.replays (replay) SELECT DISTINCT x.replay FROM json_to_recordset($1) AS x(replay text)
         WHERE x.replay IS NOT NULL ON CONFLICT DO NOTHING`,
        [json],
      );
      await transaction.query(
        `INSERT INTO ${s}.transients (seq, accepted, id, type, flow, body)
         SELECT nextval('${s}.event_seq'), o.accepted, o.id, o.type, o.flow, o.body FROM (
           SELECT * FROM (
             SELECT DISTINCT ON (x.id) x.* FROM json_to_recordset($1) AS x(${columns})
             WHERE NOT EXISTS (SELECT FROM ${s}.events e WHERE e.id = x.id)
               AND NOT EXISTS (SELECT FROM ${s}.transients k WHERE k.id = x.id) ORDER BY x.id, x.n
           ) AS missing ORDER BY n
         ) AS o`,
        [json],
      );
      await transaction.query(
        `INSERT INTO ${s}.deliveries
           (seq, sub, replay, day, state, priority, attempts, redriven, due, queued, ordering, failures)
         SELECT coalesce(e.seq, k.seq), x.sub, coalesce(p.id, 0), e.day,
           CASE WHEN x.key IS NOT NULL THEN 4 WHEN x.due > ${s}.now_ms() THEN 2 ELSE 0 END, x.priority, x.attempts, x.redriven,
           CASE WHEN x.due > ${s}.now_ms() THEN x.due END, x.queued, x.key, x.failures
         FROM json_to_recordset($1) AS x(${columns})
         LEFT JOIN LATERAL (SELECT e.seq, e.day FROM ${s}.events e WHERE e.id = x.id LIMIT 1) AS e ON true
         LEFT JOIN LATERAL (SELECT k.seq FROM ${s}.transients k WHERE k.id = x.id ORDER BY k.seq LIMIT 1) AS k ON true
         LEFT JOIN ${s}.replays p ON p.replay = x.replay
         ON CONFLICT DO NOTHING`,
        [json],
      );
    });
  }

  /** Partitions for days of the past, which the bus makes for the days to come only. */
  async #addDays(days: ReadonlySet<number>): Promise<void> {
    const missing = [...days].filter((day) => !this.#days.has(day));
    if (missing.length === 0) return;
    const { database, names } = this.#dependencies;
    await database.transaction(async (transaction) => {
      await transaction.query(`SELECT pg_advisory_xact_lock(${names.locks.maintenance})`);
      for (const day of missing) await addDay(transaction, names, day);
    });
    for (const day of missing) this.#days.add(day);
  }

  async #subscriptionsOf(deliveries: readonly OpenDelivery[]): Promise<ReadonlyMap<string, Subscription>> {
    const { database, subscriptionCache } = this.#dependencies;
    const wanted = [...new Set(deliveries.map(({ subscription }) => subscription))];
    if (wanted.some((name) => subscriptionCache.byName(name) === undefined)) await subscriptionCache.refresh(database);
    return new Map(
      wanted.flatMap((name) => {
        const sub = subscriptionCache.byName(name);
        return sub === undefined ? [] : [[name, sub] as const];
      }),
    );
  }
}

async function addDay(transaction: Transaction, { s, schema }: Names, day: number): Promise<void> {
  const table = `${s}."events_${day}"`;
  const [found] = await transaction.query("SELECT to_regclass($1) IS NOT NULL AS found", [
    `"${schema}"."events_${day}"`,
  ]);
  if (found?.found === true) return;
  await transaction.query(
    `CREATE TABLE ${table} (LIKE ${s}.events INCLUDING ALL, CHECK (day >= ${day} AND day < ${day + 1}))`,
  );
  await transaction.query(`ALTER TABLE ${s}.events ATTACH PARTITION ${table} FOR VALUES FROM (${day}) TO (${day + 1})`);
}

const delayed = 2;

function toOpenDelivery(row: Row): OpenDelivery {
  const acceptedAt = integer(row.accepted);
  const queued = integer(row.queued);
  const dueAt = row.state === delayed ? optionalInteger(row.due) : undefined;
  const replayId = optionalText(row.replay_id);
  return {
    subscription: text(row.name),
    event: parseEvent(row.body),
    history: row.day !== null,
    acceptedAt,
    ...(replayId === undefined && row.redriven !== true ? {} : { queuedAt: queued }),
    ...(dueAt === undefined ? {} : { dueAt }),
    attempts: integer(row.attempts),
    failures: parseFailures(optionalText(row.failures) ?? "[]"),
    redriven: row.redriven === true,
    ...(replayId === undefined ? {} : { replayId }),
  };
}

function parseCursor(cursor: string | undefined): [number, number, number] {
  const [seq, sub, replay] = cursor === undefined ? [0, 0, 0] : cursor.split(" ").map(Number);
  if (seq === undefined || sub === undefined || replay === undefined) throw unknownCursor(cursor ?? "");
  return [seq, sub, replay];
}
