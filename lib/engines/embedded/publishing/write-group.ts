import type { Claims } from "../deliveries/claims.ts";
import type { SettlementQueue } from "../deliveries/settlement-queue.ts";
import type { Settlements } from "../deliveries/settlements.ts";
import type { Job } from "../storage/writer.ts";
import { type InsertEventDependencies, insertEvent } from "./insert-event.ts";
import type { PublishQueue } from "./publish-queue.ts";

export interface WriteGroupDependencies extends InsertEventDependencies {
  readonly publishQueue: PublishQueue;
  readonly settlementQueue: SettlementQueue;
  readonly settlements: Settlements;
  readonly claims: Claims;
  now(): number;
}

/** At most so many of each in a transaction: larger groups are hardly faster. */
const atOnce = { settlements: 2_048, publishes: 128, claims: 512 };
/**
 * Milliseconds into a transaction after which no more of each is begun, so that the event loop is not held up: with ten
 * subscriptions a publish is ten times the work. What ends comes first: it makes room.
 */
const untilMs = { settlements: 4, publishes: 5, claims: 7 };
/** So many are done in any case, and between two readings of the clock. */
const stride = 16;

/**
 * The next transaction of what callers wait for: settlements, then publishes, then claims; one commit serves them all.
 * Undefined where there is nothing to do.
 */
export function nextWriteGroup(dependencies: WriteGroupDependencies): Job | undefined {
  const { claims, publishQueue, settlementQueue, settlements } = dependencies;
  const ended = settlementQueue.take(atOnce.settlements);
  // After a failure settlements go alone: they make room, and a publish that cannot be written must not take them along.
  const alone = settlementQueue.failing && ended.length > 0;
  const publishes = alone ? [] : publishQueue.take(atOnce.publishes);
  if (publishes.length === 0 && ended.length === 0 && !claims.wanted()) return undefined;
  let settled = 0;
  let published = 0;
  return {
    run: () => {
      const budget = new Budget();
      const now = dependencies.now();
      settled = budget.spend(untilMs.settlements, ended, ({ delivery, outcome }) =>
        settlements.apply(delivery, outcome, now),
      );
      published = budget.spend(untilMs.publishes, publishes, (publish) => {
        publish.result = insertEvent(dependencies, publish, now);
      });
      claims.claimReady(budget.spent(untilMs.claims) ? stride : atOnce.claims, now);
    },
    committed: () => {
      publishQueue.putBack(publishes.slice(published));
      settlementQueue.committed(ended, settled);
      for (let index = 0; index < published; index += 1) publishes[index]?.end();
    },
    failed: (error) => {
      for (const { reject } of publishes) reject(error);
      settlementQueue.failed(ended, error);
    },
  };
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
