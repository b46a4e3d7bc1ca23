import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { Database } from "../storage/database.ts";
import { daysAhead } from "../storage/migrations.ts";
import type { Names } from "../storage/names.ts";
import type { SubscriptionCache } from "../subscriptions/subscription-cache.ts";

export interface MaintenanceDependencies {
  readonly database: Database;
  readonly names: Names;
  readonly subscriptionCache: SubscriptionCache;
  /** Milliseconds for which history is kept. */
  readonly retention: number;
  readonly random: () => number;
  onError(error: BusError): void;
}

/** Milliseconds between two runs, half of it by chance, so that the processes of a bus take turns. */
const everyMs = 60_000;
/** Milliseconds between two calls that make partitions. */
const daysEveryMs = 3_600_000;
/** Rows deleted in one statement. */
const rowsAtOnce = 5_000;

/** Events counted in one statement: some tens of milliseconds. */
const countedAtOnce = 50_000;

/** Counts what has come, makes the partitions of the days to come, drops those whose retention has ended, and deletes what nobody needs any more. */
export class Maintenance {
  readonly #dependencies: MaintenanceDependencies;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #daysAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(dependencies: MaintenanceDependencies) {
    this.#dependencies = dependencies;
  }

  /** Runs from time to time. */
  start(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    const ms = everyMs * (0.5 + this.#dependencies.random() / 2);
    this.#timer = setTimeout(() => this.runSoon(), ms).unref();
  }

  /** Runs at once, as there is something to delete. */
  runSoon(): void {
    if (this.#stopped) return;
    this.#running ??= this.run()
      .catch((thrown: unknown) => {
        if (!this.#stopped) this.#dependencies.onError(toBusError(thrown));
      })
      .finally(() => {
        this.#running = undefined;
        this.start();
      });
  }

  /** Resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async run(): Promise<void> {
    const { database, names, retention, subscriptionCache } = this.#dependencies;
    const { s } = names;
    if (performance.now() - this.#daysAt >= daysEveryMs) {
      await database.query(`SELECT ${s}.add_days($1)`, [daysAhead]);
      this.#daysAt = performance.now();
    }
    const count = `SELECT ${s}.count_events($1) AS more`;
    while (!this.#stopped && (await this.#more(count, [countedAtOnce])));
    const drop = `SELECT ${s}.drop_day(${s}.now_ms() - $1) AS more`;
    while (!this.#stopped && (await this.#more(drop, [retention])));
    // An id is known for as long as its event may still be delivered, or would be discarded as delivered before.
    const kept = Math.max(retention, ...[...subscriptionCache.all()].map(({ record }) => record.dedupeFor));
    const clean = `SELECT ${s}.clean(${s}.now_ms() - $1, $2) AS more`;
    while (!this.#stopped && (await this.#more(clean, [kept, rowsAtOnce])));
  }

  async #more(sql: string, values: readonly unknown[]): Promise<boolean> {
    const [row] = await this.#dependencies.database.query(sql, values);
    return row?.more === true;
  }
}
