import type { DatabaseSync, StatementSync } from "node:sqlite";
import { subscriptionFilter } from "../../../delivery/subscription-filter.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import type { DeliveryEnqueuer } from "../deliveries/enqueue.ts";
import { integer, parseEvent } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "./subscription-cache.ts";
import type { SubscriptionTable } from "./subscription-table.ts";

export interface BackfillDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly enqueuer: DeliveryEnqueuer;
  readonly subscriptions: SubscriptionTable;
  /** Does one thing in a transaction of its own. */
  transact<Result>(act: () => Result): Promise<Result>;
  onError(error: BusError): void;
}

/** Events read in one transaction. */
const stepSize = 256;

/** What a step did: `full` where the backlog has no room for more. */
type Step = "more" | "full" | "live";

/**
 * Fills a subscription that starts in the past. Until it is live, publishers give it nothing, and the backfill gives it what
 * they publish as well; the step that finds nothing more makes it live in the same transaction. So there is no gap and no
 * double. Nothing is handed over before, or while the backlog has room, so that the most urgent comes first. Any process may
 * take a step.
 */
export class Backfill {
  readonly #dependencies: BackfillDependencies;
  readonly #after: StatementSync;
  readonly #filling = new Map<number, Promise<void>>();
  /** To go on with after a commit: their backlog was full, or a step could not be written. */
  readonly #paused = new Set<Subscription>();
  #stopped = false;

  constructor(db: DatabaseSync, dependencies: BackfillDependencies) {
    this.#dependencies = dependencies;
    this.#after = db.prepare(
      "SELECT seq, accepted, history, body FROM events WHERE seq > ? AND (history = 1 OR seq > ?) ORDER BY seq LIMIT ?",
    );
  }

  /** Goes on with every subscription of these names that is not live yet. */
  drive(names: Iterable<string>): void {
    for (const name of names) {
      const sub = this.#dependencies.subscriptionCache.byName(name);
      if (sub?.filling === true) this.fill(sub).catch(() => {});
    }
  }

  /** Goes on with those whose backlog was full and has room again, and those of which a step failed. */
  resume(): void {
    for (const sub of this.#paused) {
      if (this.#dependencies.enqueuer.room(sub) <= 0) continue;
      this.#paused.delete(sub);
      this.fill(sub).catch(() => {});
    }
  }

  /** Resolves when the subscription is live, or has no more room. */
  fill(sub: Subscription): Promise<void> {
    const running = this.#filling.get(sub.id);
    if (running !== undefined) return running;
    const filling = this.#fill(sub).finally(() => this.#filling.delete(sub.id));
    this.#filling.set(sub.id, filling);
    return filling;
  }

  /** Takes no further step. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#filling.values());
  }

  async #fill(sub: Subscription): Promise<void> {
    let step: Step = "more";
    try {
      while (step === "more" && !this.#stopped) step = await this.#dependencies.transact(() => this.#step(sub));
    } catch (thrown) {
      this.#paused.add(sub);
      throw thrown;
    }
    if (step === "full") this.#paused.add(sub);
  }

  /** Within a transaction. */
  #step(sub: Subscription): Step {
    const { enqueuer, subscriptionCache, subscriptions } = this.#dependencies;
    if (subscriptionCache.byId(sub.id) !== sub) return "live";
    const filledTo = subscriptions.filledTo(sub);
    if (filledTo === undefined) return "live";
    const wants = subscriptionFilter(sub.record);
    const rows = this.#after.all(filledTo, sub.liveFrom, stepSize);
    let last = filledTo;
    for (const row of rows) {
      // A bound on the backlog holds the backfill back; it must not turn what was kept into dead letters.
      if (enqueuer.room(sub) <= 0) {
        subscriptions.setFilledTo(sub, last);
        return "full";
      }
      last = integer(row.seq);
      const event = this.#read(row.body);
      if (event === undefined || !wants(event)) continue;
      enqueuer.enqueue(sub, { event, seq: last, acceptedAt: integer(row.accepted), history: row.history === 1 });
    }
    if (rows.length < stepSize) {
      subscriptions.goLive(sub);
      return "live";
    }
    subscriptions.setFilledTo(sub, last);
    return "more";
  }

  /** Undefined where it cannot be read: one broken row must not hold all others back. */
  #read(body: unknown): Event | undefined {
    try {
      return parseEvent(body);
    } catch (thrown) {
      this.#dependencies.onError(toBusError(thrown));
      return undefined;
    }
  }
}
