import type { PutResult, SubscriptionState, SubscriptionStore } from "../../../engine/subscription-store.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import { changedSettings } from "../../../subscription/changed-settings.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { Notifier } from "../processes/notifier.ts";
import type { Database, Transaction } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { integer, optionalInteger, parseRecord, type Row, text } from "../storage/rows.ts";
import type { Filler } from "./filler.ts";
import { reorder } from "./reordering.ts";
import type { SubscriptionCache } from "./subscription-cache.ts";

export interface PostgresSubscriptionsDependencies {
  readonly database: Database;
  readonly names: Names;
  readonly subscriptionCache: SubscriptionCache;
  readonly filler: Filler;
  readonly notifier: Notifier;
  /** This process. */
  processId(): number;
  /** Whether this process handles a subscription. */
  handles(name: string): boolean;
  /** Goes on with what changed settings allow. */
  look(sub: number): void;
  /** Deletes soon what nobody needs any more. */
  cleanSoon(): void;
}

/** The subscriptions of the bus; every process sees them. */
export class PostgresSubscriptions implements SubscriptionStore {
  readonly #dependencies: PostgresSubscriptionsDependencies;
  readonly #states: string;

  constructor(dependencies: PostgresSubscriptionsDependencies) {
    this.#dependencies = dependencies;
    const { s } = dependencies.names;
    this.#states = `
      SELECT c.name, c.record, c.concurrency, c.owner, c.live_epoch, d.*, (SELECT count(*) < 2 FROM ${s}.processes) AS alone, n.now - d.oldest AS age,
        (SELECT count(*) FROM ${s}.dead_letters l WHERE l.subscription = c.name) AS dead_letters
      FROM ${s}.subscriptions c CROSS JOIN (SELECT ${s}.now_ms() AS now) AS n
      LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE state IN (0, 3, 4) OR (state = 2 AND due <= n.now)) AS waiting,
          count(*) FILTER (WHERE state = 2 AND due > n.now) AS delayed,
          count(*) FILTER (WHERE state = 1) AS running,
          min(queued) AS oldest
        FROM ${s}.deliveries WHERE sub = c.id
      ) AS d ON true`;
  }

  async put(record: SubscriptionRecord, { ephemeral }: { readonly ephemeral: boolean }): Promise<PutResult> {
    const { database, filler, look, names, notifier, subscriptionCache } = this.#dependencies;
    const { s } = names;
    const [known] = await database.call(`SELECT id, record FROM ${s}.subscriptions WHERE name = $1`, [record.name]);
    if (known !== undefined && changedSettings(parseRecord(known.record), record).length === 0) {
      if (subscriptionCache.byName(record.name)?.id !== known.id) await subscriptionCache.refresh(database);
      return { created: false, changed: [] };
    }
    const { id, result } = await database.transaction(async (transaction) => {
      await transaction.query(`SELECT FROM ${s}.meta FOR UPDATE`);
      await transaction.query(`UPDATE ${s}.meta SET epoch = epoch + 1`);
      const [stored] = await transaction.query(`SELECT id, record FROM ${s}.subscriptions WHERE name = $1`, [
        record.name,
      ]);
      return stored === undefined
        ? { id: await this.#create(transaction, record, ephemeral), result: { created: true, changed: [] } }
        : {
            id: integer(stored.id),
            result: { created: false, changed: await this.#change(transaction, stored, record) },
          };
    });
    await subscriptionCache.refresh(database);
    // Told before this resolves: who has subscribed may expect that others know.
    await notifier.tellChanged();
    if (result.created && record.from === "now") await filler.begin(id);
    else filler.drive(id);
    if (!result.created) look(id);
    return result;
  }

  async #create(transaction: Transaction, record: SubscriptionRecord, ephemeral: boolean): Promise<number> {
    const { names, processId } = this.#dependencies;
    const { s } = names;
    const { concurrency, from, name, ordered } = record;
    const isNow = from === "now";
    const [start] = isNow
      ? await transaction.query(`SELECT ${s}.horizon() AS seq`)
      : from === "beginning"
        ? [{ seq: 0 }]
        : await transaction.query(`SELECT ${s}.position_before($1) AS seq`, [queryTime(from, "from") ?? 0]);
    const [row] = await transaction.query(
      `INSERT INTO ${s}.subscriptions (name, record, concurrency, ordered, owner, filled_to, filling, live_epoch, snap)
       SELECT $1, $2, $3, $4, $5, $6, true, CASE WHEN $7 THEN epoch END, CASE WHEN $7 THEN pg_current_snapshot() END
       FROM ${s}.meta RETURNING id`,
      [
        name,
        JSON.stringify(record),
        concurrency,
        ordered !== undefined,
        ephemeral ? processId() : null,
        integer(start?.seq),
        isNow,
      ],
    );
    return integer(row?.id);
  }

  /** Gives the names of the settings that differ; where it starts is not one of them, since it has started. */
  async #change(transaction: Transaction, stored: Row, record: SubscriptionRecord): Promise<string[]> {
    const { names } = this.#dependencies;
    const changed = changedSettings(parseRecord(stored.record), record);
    if (changed.length === 0) return changed;
    const id = integer(stored.id);
    await transaction.query(
      `UPDATE ${names.s}.subscriptions SET record = $2, concurrency = CASE WHEN concurrency = 0 THEN 0 ELSE $3 END, ordered = $4 WHERE id = $1`,
      [id, JSON.stringify(record), record.concurrency, record.ordered !== undefined],
    );
    if (changed.includes("ordered")) await reorder(transaction, names, id, record);
    return changed;
  }

  async list(): Promise<SubscriptionState[]> {
    const rows = await this.#dependencies.database.call(`${this.#states} ORDER BY c.id`);
    return rows.map((row) => this.#state(row));
  }

  async get(name: string): Promise<SubscriptionState | undefined> {
    const [row] = await this.#dependencies.database.call(`${this.#states} WHERE c.name = $1`, [name]);
    return row === undefined ? undefined : this.#state(row);
  }

  async setPaused(name: string, paused: boolean): Promise<boolean | undefined> {
    const { database, look, names, notifier, subscriptionCache } = this.#dependencies;
    const { s } = names;
    const found = await database.transaction(async (transaction) => {
      await transaction.query(`SELECT FROM ${s}.meta FOR UPDATE`);
      const [stored] = await transaction.query(
        `SELECT id, record, concurrency FROM ${s}.subscriptions WHERE name = $1`,
        [name],
      );
      if (stored === undefined) return undefined;
      const id = integer(stored.id);
      if ((stored.concurrency === 0) === paused) return { id, changed: false };
      const concurrency = paused ? 0 : parseRecord(stored.record).concurrency;
      await transaction.query(`UPDATE ${s}.subscriptions SET concurrency = $2 WHERE id = $1`, [id, concurrency]);
      await transaction.query(`UPDATE ${s}.meta SET epoch = epoch + 1`);
      return { id, changed: true };
    });
    if (found?.changed !== true) return found?.changed;
    await subscriptionCache.refresh(database);
    await notifier.tellChanged();
    look(found.id);
    return true;
  }

  async delete(name: string): Promise<boolean> {
    const { cleanSoon, database, names, notifier, subscriptionCache } = this.#dependencies;
    const { s } = names;
    const [exists] = await database.call(`SELECT FROM ${s}.subscriptions WHERE name = $1`, [name]);
    if (exists === undefined) return false;
    const deleted = await database.transaction(async (transaction) => {
      await transaction.query(`SELECT FROM ${s}.meta FOR UPDATE`);
      const rows = await transaction.query(`DELETE FROM ${s}.subscriptions WHERE name = $1 RETURNING id`, [name]);
      await transaction.query(`UPDATE ${s}.meta SET epoch = epoch + 1`);
      return rows.length > 0;
    });
    await subscriptionCache.refresh(database);
    await notifier.tellChanged();
    if (deleted) cleanSoon();
    return deleted;
  }

  #state(row: Row): SubscriptionState {
    // What another process handles is not known here.
    const unhandled = row.alone === true && !this.#dependencies.handles(text(row.name));
    return { ...toState(row), ...(unhandled ? { handled: false } : {}) };
  }
}

function toState(row: Row): SubscriptionState {
  return {
    record: parseRecord(text(row.record)),
    ephemeral: row.owner !== null,
    waiting: integer(row.waiting),
    delayed: integer(row.delayed),
    running: integer(row.running),
    oldestAgeMs: Math.max(0, optionalInteger(row.age) ?? 0),
    deadLetters: integer(row.dead_letters),
    ...(row.concurrency === 0 ? { paused: true } : {}),
    ...(row.live_epoch === null ? { backfilling: true } : {}),
  };
}
