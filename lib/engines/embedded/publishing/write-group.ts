import { BusError } from "../../../error/bus-error.ts";
import type { PendingPublish, PublishQueue } from "../../../publish/publish-queue.ts";
import { Fifo } from "../../../runtime/fifo.ts";
import { Retry } from "../../../runtime/retry.ts";
import type { Claims } from "../deliveries/claims.ts";
import type { Settlement, SettlementQueue } from "../deliveries/settlement-queue.ts";
import type { Settlements } from "../deliveries/settlements.ts";
import { isBusy } from "../storage/sqlite-error.ts";
import type { Job } from "../storage/writer.ts";
import type { Feeds } from "./feeds.ts";
import { type InsertEventDependencies, insertEvent } from "./insert-event.ts";
import type { PendingTakeover, TakeoverQueue } from "./takeover-queue.ts";

export interface WriteGroupsDependencies extends InsertEventDependencies {
  readonly publishQueue: PublishQueue;
  readonly takeoverQueue: TakeoverQueue;
  readonly feeds: Feeds;
  readonly settlementQueue: SettlementQueue;
  readonly settlements: Settlements;
  readonly claims: Claims;
  readonly file: string;
  now(): number;
  /** Has a transaction begun soon. */
  schedule(): void;
  onError(error: BusError): void;
}

/** At most so many of each in a transaction: larger groups are hardly faster. */
const atOnce = { settlements: 2_048, publishes: 128, takenOver: 256, claims: 512 };
/**
 * Milliseconds into a transaction after which no more of each is begun, so that the event loop is not held up: with ten
 * subscriptions a publish is ten times the work. What ends comes first: it makes room.
 */
const untilMs = { settlements: 4, publishes: 5, claims: 7 };
/** So many are done in any case, and between two readings of the clock. */
const stride = 16;

/** What one transaction does: settlements, then publishes and takeovers, then claims. */
interface Group {
  readonly settlements: readonly Settlement[];
  readonly publishes: readonly PendingPublish[];
  readonly takeovers: readonly PendingTakeover[];
  readonly claims: boolean;
}

/**
 * The transactions of what callers wait for; one commit serves all of a group. Where a group cannot be written, each of its
 * members is tried in a transaction of its own, so that none is lost because of another one. What fails alone: a publish or a
 * takeover is rejected; a settlement is kept and tried again, since its attempt was made; claims are made a little later.
 */
export class WriteGroups {
  readonly #dependencies: WriteGroupsDependencies;
  /** The members of groups that failed, each as a group of its own. */
  readonly #alone = new Fifo<Group>();
  /** Settlements that failed alone and wait to be tried again; and how many have failed and are not written yet. */
  #deferred: Settlement[] = [];
  #unwritten = 0;
  readonly #settlementRetry: Retry;
  readonly #claimRetry: Retry;
  #drained: (() => void)[] = [];

  constructor(dependencies: WriteGroupsDependencies) {
    const { onError, schedule } = dependencies;
    this.#dependencies = dependencies;
    this.#settlementRetry = new Retry(onError, () => {
      for (const settlement of this.#deferred.splice(0)) this.#alone.push(alone({ settlements: [settlement] }));
      schedule();
    });
    this.#claimRetry = new Retry(onError, schedule);
  }

  /** The next transaction; undefined where there is nothing to do. */
  next(): Job | undefined {
    const { claims, publishQueue, settlementQueue, takeoverQueue } = this.#dependencies;
    const [one] = this.#alone.take(1);
    if (one !== undefined) return this.#job(one);
    const group = {
      settlements: settlementQueue.take(atOnce.settlements),
      publishes: publishQueue.take(atOnce.publishes),
      takeovers: takeoverQueue.take(atOnce.takenOver),
      claims: !this.#claimRetry.waiting,
    };
    const empty = group.publishes.length + group.takeovers.length + group.settlements.length === 0;
    return empty && !(group.claims && claims.wanted()) ? undefined : this.#job(group);
  }

  /** Rejects every publish and takeover that is not written yet: the file cannot be had. */
  rejectPublishes(error: BusError): void {
    const groups = this.#alone.take(this.#alone.size);
    for (const { publishes, takeovers } of groups) for (const { reject } of [...publishes, ...takeovers]) reject(error);
    this.#alone.putBack(groups.filter(({ publishes, takeovers }) => publishes.length + takeovers.length === 0));
    this.#dependencies.publishQueue.rejectAll(error);
    this.#dependencies.takeoverQueue.rejectAll(error);
  }

  /** Resolves once no settlement is left that could not be written. */
  drained(): Promise<void> {
    return this.#unwritten === 0 ? Promise.resolve() : new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Stops retrying, and abandons what could not be written; returns the error that says so, or undefined if all was written. */
  abandon(): BusError | undefined {
    const { file, settlementQueue } = this.#dependencies;
    const cause = this.#settlementRetry.error;
    this.#settlementRetry.stop();
    this.#claimRetry.stop();
    const given = [
      ...this.#alone.take(this.#alone.size).flatMap(({ settlements }) => settlements),
      ...this.#deferred.splice(0),
    ];
    if (given.length === 0) return undefined;
    const error = new BusError(
      "unavailable",
      `${file}: the ends of ${given.length} attempts could not be written, and those deliveries run again: ${cause?.message}`,
      { cause, details: { file, unwritten: given.length } },
    );
    settlementQueue.abandoned(given, error);
    return error;
  }

  #job(group: Group): Job {
    const { publishQueue, settlementQueue } = this.#dependencies;
    const { publishes, settlements, takeovers } = group;
    let done = { settlements: 0, publishes: 0 };
    return {
      run: () => {
        done = this.#write(group);
      },
      committed: () => {
        publishQueue.putBack(publishes.slice(done.publishes));
        if (this.#unwritten > 0) this.#unwritten -= settlements.filter(({ deferred }) => deferred).length;
        settlementQueue.committed(settlements, done.settlements);
        for (let index = 0; index < done.publishes; index += 1) publishes[index]?.end();
        for (const takeover of takeovers) takeover.end();
        if (group.claims) this.#claimRetry.succeeded();
        if (this.#unwritten === 0) this.#allWritten();
      },
      failed: (error) => this.#failed(group, error),
    };
  }

  /** Within a transaction; gives how many of each were done. */
  #write({ claims: claim, publishes, settlements, takeovers }: Group): { settlements: number; publishes: number } {
    const { claims, feeds, settlements: table, now: time } = this.#dependencies;
    const budget = new Budget();
    const now = time();
    const settled = budget.spend(untilMs.settlements, settlements, ({ delivery, outcome, ranMs }) =>
      table.apply(delivery, outcome, ranMs, now),
    );
    const published = budget.spend(untilMs.publishes, publishes, (publish) => {
      publish.result = insertEvent(this.#dependencies, publish, now);
    });
    for (const pending of takeovers) pending.result = feeds.takeOver(pending.takeover, pending.bodies, now);
    if (claim) claims.claimReady(budget.spent(untilMs.claims) ? stride : atOnce.claims, now);
    return { settlements: settled, publishes: published };
  }

  #failed(group: Group, error: BusError): void {
    const { claims, publishes, settlements, takeovers } = group;
    const members = settlements.length + publishes.length + takeovers.length + (claims ? 1 : 0);
    // Where the lock cannot be had, no member is to blame.
    if (members > 1 && !isBusy(error.cause)) {
      for (const settlement of settlements) this.#alone.push(alone({ settlements: [settlement] }));
      for (const publish of publishes) this.#alone.push(alone({ publishes: [publish] }));
      for (const takeover of takeovers) this.#alone.push(alone({ takeovers: [takeover] }));
      if (claims) this.#alone.push(alone({ claims: true }));
      return;
    }
    for (const { reject } of [...publishes, ...takeovers]) reject(error);
    if (settlements.length > 0) {
      this.#unwritten += settlements.filter(({ deferred }) => !deferred).length;
      for (const settlement of settlements) settlement.defer();
      this.#deferred.push(...settlements);
      this.#settlementRetry.failed(error);
    } else if (claims && publishes.length + takeovers.length === 0) this.#claimRetry.failed(error);
  }

  #allWritten(): void {
    this.#settlementRetry.succeeded();
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}

function alone(member: Partial<Group>): Group {
  return { settlements: [], publishes: [], takeovers: [], claims: false, ...member };
}

/** The time of one transaction. */
class Budget {
  readonly #since = performance.now();

  spent(ms: number): boolean {
    return performance.now() - this.#since > ms;
  }

  /** Does one after the other until that time is over; gives how many were done. */
  spend<Item>(ms: number, items: readonly Item[], act: (item: Item) => void): number {
    let done = 0;
    for (const item of items) {
      act(item);
      done += 1;
      if (done % stride === 0 && this.spent(ms)) break;
    }
    return done;
  }
}
