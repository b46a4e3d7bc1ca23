import type { Failure, Outcome } from "../../../engine/delivery.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { EventTable } from "../publishing/event-table.ts";
import type { SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { ClaimedDelivery } from "./claimed-delivery.ts";
import type { DeliveryTable } from "./delivery-table.ts";
import type { DueTimer } from "./due-timer.ts";

export interface SettlementsDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly queue: DeliveryTable;
  readonly events: EventTable;
  readonly deadLetters: DeadLetterTable;
  readonly dueTimer: DueTimer;
  /** This process. */
  readonly processId: number;
}

/** Records how attempts ended, within a transaction. */
export class Settlements {
  readonly #dependencies: SettlementsDependencies;

  constructor(dependencies: SettlementsDependencies) {
    this.#dependencies = dependencies;
  }

  apply(delivery: ClaimedDelivery, outcome: Outcome, now: number): void {
    const { deadLetters, processId, queue, subscriptionCache } = this.#dependencies;
    // Its subscription was deleted, and the row goes with that.
    if (subscriptionCache.byId(delivery.sub.id) !== delivery.sub) return;
    switch (outcome.kind) {
      case "done":
      case "dropped":
        this.#end(delivery);
        return;
      case "released":
        queue.release(delivery, processId, delivery.attempt - 1, failuresColumn(delivery.failures));
        return;
      case "retry":
        this.#retry(delivery, outcome, now);
        return;
      case "dead":
        if (this.#end(delivery)) deadLetters.add(delivery, outcome.failure, now);
        return;
    }
  }

  /** False where this process does not hold it any more. */
  #end(delivery: ClaimedDelivery): boolean {
    const { events, processId, queue } = this.#dependencies;
    const { sub, ordering } = delivery;
    if (!queue.deleteClaimed(delivery, processId)) return false;
    if (ordering !== undefined) queue.promote(sub, ordering);
    if (delivery.transient) events.releaseTransient(delivery.seq);
    return true;
  }

  #retry(delivery: ClaimedDelivery, { afterMs, failure }: Outcome & { kind: "retry" }, now: number): void {
    const { dueTimer, processId, queue } = this.#dependencies;
    const failures = failuresColumn([...delivery.failures, failure]);
    const delay = Math.max(0, Math.round(afterMs));
    if (delay === 0) {
      queue.release(delivery, processId, delivery.attempt, failures);
      return;
    }
    queue.delay(delivery, processId, now + delay, delay, failures ?? "[]");
    dueTimer.expect(now + delay);
  }
}

/** Failures as a row keeps them. */
export function failuresColumn(failures: readonly Failure[]): string | null {
  return failures.length === 0 ? null : JSON.stringify(failures);
}
