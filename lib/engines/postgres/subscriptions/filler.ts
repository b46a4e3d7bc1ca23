import { Router } from "../../../delivery/router.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import { deliverAtMs } from "../../../event/deliver-at.ts";
import type { Event } from "../../../event/event.ts";
import { indexed } from "../publishing/event-columns.ts";
import type { Database, Transaction } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { integer, parseEvent, type Row } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "./subscription-cache.ts";

export interface FillerDependencies {
  readonly database: Database;
  readonly names: Names;
  readonly subscriptionCache: SubscriptionCache;
  /** A subscription has more to deliver. */
  filled(sub: number): void;
  onError(error: BusError): void;
}

/** Events looked at in one transaction. */
const stepSize = 256;
/** Milliseconds between two looks whether old transactions have ended; doubled up to the last. */
const pauseMs = { from: 10, to: 500 };

/** What a step did: `full` where the backlog has no room for more, `wait` where old transactions may bring more. */
type Step = "more" | "catch-up" | "wait" | "full" | "done";

/**
 * Gives a subscription what no publisher gave it: the past that it starts in, and what was routed before it was live by
 * transactions that end after. Any process may take a step; one at a time does.
 */
export class Filler {
  readonly #dependencies: FillerDependencies;
  readonly #filling = new Map<number, Promise<void>>();
  readonly #full = new Set<number>();
  readonly #wakers = new Set<() => void>();
  #stopped = false;

  constructor(dependencies: FillerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Goes on with a subscription in the background. */
  drive(sub: number): void {
    if (this.#filling.has(sub) || this.#stopped) return;
    const filling = this.#fill(sub)
      .catch((thrown: unknown) => {
        if (!this.#stopped) this.#dependencies.onError(toBusError(thrown));
      })
      .finally(() => this.#filling.delete(sub));
    this.#filling.set(sub, filling);
  }

  /** Goes on with one whose backlog was full: some of it was delivered. */
  resume(sub: number): void {
    if (this.#full.delete(sub)) this.drive(sub);
  }

  /** One step at once: where nothing is under way that is all that a subscription needs that starts now. */
  async begin(sub: number): Promise<void> {
    if ((await this.#step(sub, { goLive: false })) !== "done") this.drive(sub);
  }

  /** Takes no further step. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const wake of this.#wakers) wake();
    await Promise.allSettled(this.#filling.values());
  }

  async #fill(sub: number): Promise<void> {
    let pause: number = pauseMs.from;
    let step: Step = "more";
    while (!this.#stopped) {
      step = await this.#step(sub, { goLive: step === "catch-up" });
      if (step === "done") return;
      if (step === "full") {
        this.#full.add(sub);
        return;
      }
      if (step !== "wait") continue;
      await this.#pause(pause);
      pause = Math.min(pause * 2, pauseMs.to);
    }
  }

  async #step(id: number, { goLive }: { readonly goLive: boolean }): Promise<Step> {
    const { database, filled, names, subscriptionCache } = this.#dependencies;
    const { s } = names;
    const sub = subscriptionCache.byId(id);
    if (sub === undefined) return "done";
    let given = 0;
    const step = await database.transaction(async (transaction): Promise<Step> => {
      given = 0;
      // Whoever changes a subscription takes this row first.
      if (goLive) await transaction.query(`SELECT FROM ${s}.meta FOR UPDATE`);
      const [state, ...rows] = await transaction.query(`SELECT * FROM ${s}.to_fill($1, $2)`, [id, stepSize]);
      if (state === undefined) return "done";
      const isLive = state.day === 1;
      const room = await this.#room(transaction, sub);
      const { deliveries, filledTo } = this.#select(sub, rows, room);
      if (deliveries.length > 0) await this.#queue(transaction, sub, deliveries);
      given = deliveries.length;
      const all = rows.length < stepSize && filledTo === undefined;
      // What is finished, or catches up, is filled up to the end that it was looked at.
      const to = filledTo ?? (all ? integer(state.horizon) : integer(rows.at(-1)?.seq));
      await transaction.query(`UPDATE ${s}.subscriptions SET filled_to = greatest(filled_to, $2) WHERE id = $1`, [
        id,
        to,
      ]);
      if (filledTo !== undefined) return "full";
      if (!all) return "more";
      if (!isLive) {
        if (!goLive) return "catch-up";
        await transaction.query(`UPDATE ${s}.meta SET epoch = epoch + 1`);
        await transaction.query(
          `UPDATE ${s}.subscriptions SET live_epoch = (SELECT epoch FROM ${s}.meta), barrier = NULL WHERE id = $1`,
          [id],
        );
        return "more";
      }
      if (state.finished !== true) return "wait";
      await transaction.query(`UPDATE ${s}.subscriptions SET filling = false, snap = NULL WHERE id = $1`, [id]);
      return "done";
    });
    if (goLive) await subscriptionCache.refresh(database);
    if (given > 0 || step === "done") filled(id);
    return step;
  }

  /** Deliveries of a subscription that may still be queued: a bound must not turn what was kept into dead letters. */
  async #room(transaction: Transaction, { id, record }: Subscription): Promise<number> {
    const { maxBacklog } = record;
    if (maxBacklog === undefined) return Number.POSITIVE_INFINITY;
    const [row] = await transaction.query(
      `SELECT count(*) AS waiting FROM (
         SELECT FROM ${this.#dependencies.names.s}.deliveries d WHERE d.sub = $1 AND d.state <> 1 LIMIT $2) AS waiting`,
      [id, maxBacklog],
    );
    return maxBacklog - integer(row?.waiting);
  }

  /** What the subscription wants of some events; `filledTo` where there was no room for all. */
  #select(
    sub: Subscription,
    rows: readonly Row[],
    room: number,
  ): { deliveries: object[]; filledTo: number | undefined } {
    const matches = new Router([sub.record]);
    const deliveries: object[] = [];
    let last: number | undefined;
    for (const row of rows) {
      const event = this.#read(row);
      if (event !== undefined && matches.route(event).length > 0) {
        if (deliveries.length >= room) return { deliveries, filledTo: last ?? integer(row.seq) - 1 };
        const due = event.metadata.deliverAt === undefined ? null : deliverAtMs(event);
        deliveries.push({
          seq: integer(row.seq),
          day: integer(row.day),
          queued: integer(row.accepted),
          priority: event.metadata.priority,
          due,
          key: sub.keyOf === undefined ? null : indexed(sub.keyOf(event)),
        });
      }
      last = integer(row.seq);
    }
    return { deliveries, filledTo: undefined };
  }

  async #queue(transaction: Transaction, { id }: Subscription, deliveries: readonly object[]): Promise<void> {
    const { s } = this.#dependencies.names;
    await transaction.query(
      `INSERT INTO ${s}.deliveries (seq, sub, day, state, priority, due, queued, ordering)
       SELECT x.seq, $1, x.day, CASE WHEN x.key IS NOT NULL THEN 4 WHEN x.due > ${s}.now_ms() THEN 2 ELSE 0 END, x.priority,
         CASE WHEN x.due > ${s}.now_ms() THEN x.due END, x.queued, x.key
       FROM json_to_recordset($2) AS x(seq bigint, day int, queued bigint, priority int, due bigint, key text)
       ON CONFLICT DO NOTHING`,
      [id, JSON.stringify(deliveries)],
    );
  }

  /** Undefined where it cannot be read: one broken row must not hold all others back. */
  #read(row: Row): Event | undefined {
    try {
      return parseEvent(row.body);
    } catch (thrown) {
      this.#dependencies.onError(toBusError(thrown));
      return undefined;
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms).unref();
      this.#wakers.add(wake);
    });
  }
}
