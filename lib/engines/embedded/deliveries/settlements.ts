import type { EndedDelivery, Failure, Outcome } from "../../../engine/delivery.ts";
import type { DeadLetterTable } from "../dead-letters/dead-letter-table.ts";
import type { EventTable } from "../publishing/event-table.ts";
import type { SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { ClaimedDelivery } from "./claimed-delivery.ts";
import type { DeliveryTable } from "./delivery-table.ts";
import type { OutcomeTable } from "./outcome-table.ts";

export interface SettlementsDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly queue: DeliveryTable;
  readonly events: EventTable;
  readonly deadLetters: DeadLetterTable;
  readonly outcomes: OutcomeTable;
  /** This process. */
  readonly processId: number;
}

/** How a delivery goes back to the queue. */
interface PutBack {
  /** Milliseconds for which it is not handed over; at once where absent. */
  readonly afterMs?: number;
  /** Attempts that count. */
  readonly attempts: number;
  readonly failures: readonly Failure[];
}

/** Records how attempts ended, within a transaction. */
export class Settlements {
  readonly #dependencies: SettlementsDependencies;

  constructor(dependencies: SettlementsDependencies) {
    this.#dependencies = dependencies;
  }

  /** `ranMs`: for how long the handler ran, where it did. */
  apply(delivery: ClaimedDelivery, outcome: Outcome, ranMs: number | undefined, now: number): void {
    const { deadLetters, subscriptionCache } = this.#dependencies;
    // Its subscription was deleted, and the row goes with that.
    if (subscriptionCache.byId(delivery.sub.id) !== delivery.sub) return;
    switch (outcome.kind) {
      case "done":
      case "dropped":
        this.#end(delivery, outcome.kind, ranMs, undefined, now);
        return;
      case "released":
        this.#putBack(delivery, { ...outcome, attempts: delivery.attempt - 1, failures: delivery.failures }, now);
        return;
      case "retry": {
        const failures = [...delivery.failures, outcome.failure];
        this.#putBack(delivery, { ...outcome, attempts: delivery.attempt, failures }, now);
        return;
      }
      case "dead": {
        const { failure } = outcome;
        if (this.#end(delivery, "dead", ranMs, failure, now)) deadLetters.add(delivery, failure, now);
        return;
      }
    }
  }

  /** False where this process does not hold it any more. */
  #end(
    delivery: ClaimedDelivery,
    outcome: EndedDelivery["outcome"],
    ranMs: number | undefined,
    failure: Failure | undefined,
    now: number,
  ): boolean {
    const { events, outcomes, processId, queue } = this.#dependencies;
    const { sub, ordering } = delivery;
    if (!queue.deleteClaimed(delivery, processId)) return false;
    if (ordering !== undefined) queue.promote(sub, ordering, now);
    if (!delivery.transient) outcomes.add(delivery, outcome, ranMs, failure, now);
    else {
      if (outcome === "done") this.#rememberRedriven(delivery, now);
      events.releaseTransient(delivery.seq);
    }
    return true;
  }

  /** It had failed when its event left history, so that nothing says yet that it must not succeed once more. */
  #rememberRedriven({ event, redriven, replay, sub }: ClaimedDelivery, now: number): void {
    if (!redriven || replay !== 0 || !sub.record.idempotent) return;
    this.#dependencies.events.remember(event.id, sub.id, now + sub.record.dedupeFor, null);
  }

  #putBack(delivery: ClaimedDelivery, { afterMs = 0, attempts, failures }: PutBack, now: number): void {
    const { processId, queue } = this.#dependencies;
    // A fraction of a millisecond is rounded up: nothing comes before its time.
    const delay = Math.max(0, Math.ceil(afterMs));
    const column = failuresColumn(failures);
    if (delay === 0) queue.release(delivery, processId, attempts, column);
    else queue.delay(delivery, processId, { due: now + delay, delay, attempts, failures: column });
  }
}

/** Failures as a row keeps them. */
export function failuresColumn(failures: readonly Failure[]): string | null {
  return failures.length === 0 ? null : JSON.stringify(failures);
}
