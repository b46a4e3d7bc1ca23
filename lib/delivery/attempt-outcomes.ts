import type { Delivery, Outcome } from "../engine/delivery.ts";
import type { BusError } from "../error/bus-error.ts";
import { deliverAtMs } from "../event/deliver-at.ts";
import type { Event } from "../event/event.ts";
import { isErased } from "../event/tombstone.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Counters } from "../runtime/metrics.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import { backoffMs } from "./backoff.ts";
import { retryHint, toFailure } from "./handler-errors.ts";

/** What the outcomes of attempts need of their bus. */
export interface AttemptOutcomesDependencies {
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: Counters;
}

/** What was counted of the attempts of one handler. */
export interface AttemptCounts {
  delivered: number;
  failed: number;
  retried: number;
  deadLettered: number;
  expired: number;
  lastEventMs: number | undefined;
}

/** What is looked at of an attempt that has ended. */
export interface EndedAttempt {
  readonly delivery: Delivery;
  /** The settings that it began with. */
  readonly record: SubscriptionRecord;
  /** Why it had to end; what it says of itself after that does not count. */
  readonly aborted: BusError | undefined;
  readonly log: Logger;
}

const done: Outcome = { kind: "done" };
const released: Outcome = { kind: "released" };

/** Says what follows from how an attempt ended, and counts it: here a retry is decided. */
export class AttemptOutcomes {
  readonly counts: AttemptCounts = {
    delivered: 0,
    failed: 0,
    retried: 0,
    deadLettered: 0,
    expired: 0,
    lastEventMs: undefined,
  };
  readonly #dependencies: AttemptOutcomesDependencies;

  constructor(dependencies: AttemptOutcomesDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether an attempt may begin. False where the data of its event were erased; false, and counted, where it has expired. */
  begin(delivery: Delivery, now: number): boolean {
    const { acceptedAt, attempt, event } = delivery;
    const { deliverAt } = event.metadata;
    if (isErased(event)) return false;
    if (hasExpired(event, now)) {
      this.expired();
      return false;
    }
    if (attempt === 1) {
      const dueAt = deliverAt === undefined ? acceptedAt : Math.max(acceptedAt, deliverAtMs(event));
      this.#dependencies.counters.deliveryMs.record(now - dueAt);
    }
    this.counts.lastEventMs = now;
    return true;
  }

  /** Counts a delivery that was discarded because its event had expired. */
  expired(): void {
    this.#dependencies.counters.expired += 1;
    this.counts.expired += 1;
  }

  /** What follows where the handler and its publishes have succeeded. */
  succeeded(attempt: EndedAttempt): Outcome {
    // What ended after its time was up has failed all the same: its publishes may have been refused.
    if (attempt.aborted !== undefined) return this.failed(attempt, attempt.aborted);
    this.#dependencies.counters.delivered += 1;
    this.counts.delivered += 1;
    return done;
  }

  /** What follows where it threw. */
  failed({ aborted, delivery, log, record }: EndedAttempt, thrown: unknown): Outcome {
    if (aborted?.code === "closed") return released;
    const { counters, clock, random } = this.#dependencies;
    const { attempt } = delivery;
    const reason = aborted ?? thrown;
    const hint = retryHint(reason);
    if (hint !== undefined && "parkMs" in hint) {
      log.debug("delivery is parked", { afterMs: hint.parkMs });
      return { kind: "released", afterMs: hint.parkMs };
    }
    const failure = toFailure(reason, attempt, clock.now());
    counters.failed += 1;
    this.counts.failed += 1;
    if ((hint !== undefined && "never" in hint) || attempt >= record.attempts) {
      counters.deadLettered += 1;
      this.counts.deadLettered += 1;
      log.error("delivery is dead", { code: failure.code, attempts: attempt });
      return { kind: "dead", failure };
    }
    counters.retried += 1;
    this.counts.retried += 1;
    const afterMs = hint?.afterMs ?? backoffMs(record.backoff, attempt, random);
    log.info("attempt failed", { code: failure.code, retryInMs: afterMs });
    return { kind: "retry", afterMs, failure };
  }
}

/** Whether an event must not be delivered any more. */
export function hasExpired({ metadata: { expiresAt } }: Event, now: number): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= now;
}
