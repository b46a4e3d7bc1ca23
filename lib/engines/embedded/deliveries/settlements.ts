import type { Failure, Outcome } from "../../../engine/delivery.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { Events } from "../publishing/event-table.ts";
import type { SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { ClaimedDelivery } from "./claimed-delivery.ts";
import type { DeliveryTable } from "./delivery-table.ts";

export interface SettlementsDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly queue: DeliveryTable;
  readonly events: Events;
  readonly deadLetters: DeadLetterTable;
  readonly owner: number;
}

/** Records how attempts ended, within a transaction. */
export class Settlements {
  readonly #host: SettlementsDependencies;

  constructor(host: SettlementsDependencies) {
    this.#host = host;
  }

  apply(delivery: ClaimedDelivery, outcome: Outcome, now: number): void {
    const { queue, owner, subscriptionCache } = this.#host;
    // Its subscription was deleted, and the row goes with that.
    if (subscriptionCache.byId(delivery.sub.id) !== delivery.sub) return;
    switch (outcome.kind) {
      case "done":
      case "dropped":
        this.#end(delivery);
        return;
      case "released":
        queue.release(delivery, owner, delivery.attempt - 1, failuresColumn(delivery.failures));
        return;
      case "retry": {
        const failures = failuresColumn([...delivery.failures, outcome.failure]);
        const delay = Math.max(0, Math.round(outcome.afterMs));
        if (delay === 0) queue.release(delivery, owner, delivery.attempt, failures);
        else queue.delay(delivery, owner, now + delay, delay, failures ?? "[]");
        return;
      }
      case "dead":
        if (this.#end(delivery)) this.#deadLetter(delivery, outcome.failure, now);
        return;
    }
  }

  /** False where this process does not hold it any more. */
  #end(delivery: ClaimedDelivery): boolean {
    const { events, owner, queue } = this.#host;
    const { sub, ordering } = delivery;
    if (!queue.deleteClaimed(delivery, owner)) return false;
    if (ordering !== undefined) queue.promote(sub, ordering);
    if (delivery.transient) events.releaseTransient(delivery.seq);
    return true;
  }

  #deadLetter(delivery: ClaimedDelivery, reason: Failure, now: number): void {
    this.#host.deadLetters.insert({
      subscription: delivery.subscription,
      replay: delivery.replay,
      event: delivery.event,
      reason,
      attempts: delivery.attempt,
      failures: [...delivery.failures, reason],
      acceptedAt: delivery.acceptedAt,
      diedAt: now,
    });
  }
}

/** Failures as a row keeps them. */
export function failuresColumn(failures: readonly Failure[]): string | null {
  return failures.length === 0 ? null : JSON.stringify(failures);
}
