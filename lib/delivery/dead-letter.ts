import type { DeadLetter, Delivery, Failure } from "../engine/delivery.ts";
import type { Event } from "../event/event.ts";
import { formatTime } from "../event/time.ts";

/** The id of a dead letter, and when it became one. */
export interface DeadLetterStamp {
  /** Unique among the dead letters of the bus. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly deadAt: number;
}

/** What a dead letter takes over of its delivery. */
export type DeadDelivery = Pick<
  Delivery,
  "subscription" | "event" | "attempt" | "acceptedAt" | "failures" | "replayId"
>;

/** The dead letter of a delivery whose last attempt failed for a reason, or that was never tried because of it. */
export function deadLetterOf(delivery: DeadDelivery, reason: Failure, { id, deadAt }: DeadLetterStamp): DeadLetter {
  const { subscription, event, attempt, acceptedAt, failures, replayId } = delivery;
  return {
    id,
    subscription,
    ...(replayId === undefined ? {} : { replayId }),
    event,
    reason,
    attempts: attempt,
    failures: [...failures, reason],
    acceptedAt: formatTime(acceptedAt),
    deadAt: formatTime(deadAt),
  };
}

/** The facts of an event that could not be published, without the event and the reason. */
export interface UnpublishedStamp extends DeadLetterStamp {
  /** Milliseconds since 1970 at which the publish was called, or what holds the event was sent. */
  readonly acceptedAt: number;
  /** Every failed attempt, oldest first; default: the reason alone. */
  readonly failures?: readonly Failure[];
  /** Attempts made; default 0. */
  readonly attempts?: number;
}

/** The dead letter of an event that could not be published. */
export function deadLetterOfUnpublished(event: Event, reason: Failure, stamp: UnpublishedStamp): DeadLetter {
  const { id, acceptedAt, deadAt, failures = [reason], attempts = 0 } = stamp;
  return {
    id,
    event,
    reason,
    attempts,
    failures,
    acceptedAt: formatTime(acceptedAt),
    deadAt: formatTime(deadAt),
  };
}

/** Why a delivery did not enter the queue of its subscription. */
export function overflowFailure(subscription: string, maxBacklog: number, nowMs: number): Failure {
  return {
    code: "overflow",
    message: `subscription ${subscription}: its backlog is full (maxBacklog ${maxBacklog}); raise it, or add subscribers, and redrive`,
    at: formatTime(nowMs),
    attempt: 0,
  };
}

/** The failure of an attempt whose process ended before its handler did. */
export function processEndedFailure(subscription: string, attempt: number, nowMs: number): Failure {
  return {
    code: "process_ended",
    message: `subscription ${subscription}: the process that ran attempt ${attempt} ended before the handler did`,
    at: formatTime(nowMs),
    attempt,
  };
}
