import type { Failure } from "../error/failure.ts";
import type { Event } from "../event/event.ts";

export type { Failure };

/** One event on its way to one subscription, claimed by this process for one attempt. */
export interface Delivery {
  readonly subscription: string;
  /** As it was published; `metadata.replay` is set where this is a replay. */
  readonly event: Event;
  /** 1 for the first. */
  readonly attempt: number;
  /** Milliseconds since 1970 at which the bus accepted the event, or queued the replay. */
  readonly acceptedAt: number;
  /** The attempts before this one that failed, oldest first. */
  readonly failures: readonly Failure[];
  /** Whether it was redriven from the dead letters. */
  readonly redriven: boolean;
  /** The replay that it belongs to. An event that a replayed handler published has a mark too, and is no replay. */
  readonly replayId?: string | undefined;
}

/** How an attempt ended; the engine records it. */
export type Outcome =
  | { readonly kind: "done" }
  /** Expired before it ran, or was not wanted by the subscriber's `filter`: discarded without a run. */
  | { readonly kind: "dropped" }
  | { readonly kind: "retry"; readonly afterMs: number; readonly failure: Failure }
  | { readonly kind: "dead"; readonly failure: Failure }
  /**
   * Not run after all: back to the queue, the attempt is not counted. With `afterMs`, at most 11 h, it is handed over again after
   * that time and not before, as a retry would be, and holds its place in its key; without it, as soon as may be.
   */
  | { readonly kind: "released"; readonly afterMs?: number };

/** A delivery that is still under way. */
export interface PendingDelivery {
  readonly subscription: string;
  readonly eventId: string;
  readonly type: string;
  /** `waiting`: for a subscriber or for its turn; `delayed`: for its next attempt; `running`: in a handler. */
  readonly state: "waiting" | "delayed" | "running";
  /** Attempts begun so far. */
  readonly attempts: number;
  /** RFC 3339; when the next attempt is due, where `delayed`. */
  readonly dueAt?: string;
  /** The last failure's message, where there was one. */
  readonly lastError?: string;
}

/** A delivery out of attempts, or an event that could not be published, with the reason and its own copy of the event. */
export interface DeadLetter {
  readonly id: string;
  /** Absent where the event could not be published. */
  readonly subscription?: string;
  /** The replay that the delivery belonged to. */
  readonly replayId?: string;
  readonly event: Event;
  /** Code, message and stack of the last failure. */
  readonly reason: Failure;
  /** Attempts made. */
  readonly attempts: number;
  /** Every failed attempt, oldest first, with its time. */
  readonly failures: readonly Failure[];
  /** RFC 3339: when the event was accepted, and when it died. */
  readonly acceptedAt: string;
  readonly deadAt: string;
}
