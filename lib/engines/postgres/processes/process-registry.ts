import { processEndedFailure } from "../../../delivery/dead-letter.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import { readClaimed } from "../deliveries/claimed-rows.ts";
import type { WorkLoop } from "../deliveries/work-loop.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { integer, type Row } from "../storage/rows.ts";
import type { SubscriptionCache } from "../subscriptions/subscription-cache.ts";

export interface ProcessRegistryDependencies {
  readonly database: Database;
  readonly names: Names;
  readonly leaseMs: number;
  readonly subscriptionCache: SubscriptionCache;
  workLoop(): WorkLoop;
  now(): number;
  onError(error: BusError): void;
}

/** The processes that have the bus open, this one among them, and what becomes of the deliveries of one that is gone. */
export class ProcessRegistry {
  readonly #dependencies: ProcessRegistryDependencies;
  /** The number of this process, as rows name it. */
  id = 0;

  constructor(dependencies: ProcessRegistryDependencies) {
    this.#dependencies = dependencies;
  }

  /** Lists this process, by a new number. */
  async register(): Promise<void> {
    const { database, leaseMs, names } = this.#dependencies;
    const [row] = await database.query(
      `INSERT INTO ${names.s}.processes (lease_until) VALUES (${names.s}.now_ms() + $1) RETURNING id`,
      [leaseMs],
    );
    this.id = integer(row?.id);
  }

  /** Says whether this process holds its lock, by which others see that it lives; without, it lives by its lease. */
  async setSession(session: boolean): Promise<void> {
    const { database, leaseMs, names } = this.#dependencies;
    await database.query(
      `UPDATE ${names.s}.processes SET session = $2, lease_until = ${names.s}.now_ms() + $3, missing_since = NULL WHERE id = $1`,
      [this.id, session, leaseMs],
    );
  }

  /** This process has left the bus, and holds nothing. */
  async unregister(): Promise<void> {
    const { database, names } = this.#dependencies;
    await database.query(`SELECT FROM ${names.s}.take_over($1, $1, true)`, [this.id]);
  }

  /** Takes over the deliveries of a process that is gone: they run again, or are dead where that was their last attempt. */
  async takeOver(gone: number): Promise<void> {
    const { database, names, onError, subscriptionCache } = this.#dependencies;
    const owner = this.id;
    const rows = await database.query(`SELECT * FROM ${names.s}.take_over($1, $2, false)`, [owner, gone]);
    if (rows.some((row) => subscriptionCache.byId(integer(row.sub)) === undefined)) {
      await subscriptionCache.refresh(database);
    }
    for (const row of rows) this.#settle(row, owner)?.catch((thrown: unknown) => onError(toBusError(thrown)));
  }

  #settle(row: Row, owner: number): Promise<void> | undefined {
    const { now, subscriptionCache } = this.#dependencies;
    const sub = subscriptionCache.byId(integer(row.sub));
    if (sub === undefined) return undefined;
    const workLoop = this.#dependencies.workLoop();
    const { delivery } = readClaimed(row, sub, owner);
    const failure = processEndedFailure(sub.record.name, delivery.attempt, now());
    workLoop.hold(delivery);
    const isLast = delivery.attempt >= sub.record.attempts;
    return workLoop.settle(delivery, isLast ? { kind: "dead", failure } : { kind: "retry", afterMs: 0, failure });
  }
}
