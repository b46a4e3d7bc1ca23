import type { Failure } from "../error/failure.ts";
import type { Event } from "../event/event.ts";

export type { Failure };

/** One event on its way to one subscription, claimed by this process for one attempt. */
export interface Delivery {
  /** The name of the subscription that it goes to. */
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
  /** The replay that it belongs to. What the handler of a replayed event publishes has the mark too, but not this id. */
  readonly replayId?: string | undefined;
}

/** How an attempt ended; the engine records it. */
export type Outcome =
  | {
      /** Succeeded. */
      readonly kind: "done";
    }
  | {
      /** Discarded without a run: it had expired, or the subscriber's `filter` excluded it. */
      readonly kind: "dropped";
    }
  | {
      /** Failed, and is attempted again. */
      readonly kind: "retry";
      /** Milliseconds from now before which it is not handed over, at most 11 h. */
      readonly afterMs: number;
      /** Why it failed. */
      readonly failure: Failure;
    }
  | {
      /** Failed for good: the engine keeps it as a dead letter. */
      readonly kind: "dead";
      /** Why it failed: the reason of the dead letter. */
      readonly failure: Failure;
    }
  | {
      /** Not run after all: it returns to the queue, and the attempt is not counted. */
      readonly kind: "released";
      /**
       * Milliseconds, at most 11 h, before which it is not handed over again; it holds its place in its key, like a retry.
       * Default: as soon as possible.
       */
      readonly afterMs?: number;
    };

/** A delivery that has not ended yet. */
export interface PendingDelivery {
  /** The name of the subscription that it goes to. */
  readonly subscription: string;
  /** The id of its event. */
  readonly eventId: string;
  /** The type of its event. */
  readonly type: string;
  /** `waiting`: for a subscriber or for its turn; `delayed`: for its next attempt; `running`: in a handler. */
  readonly state: "waiting" | "delayed" | "running";
  /** Attempts begun so far. */
  readonly attempts: number;
  /** RFC 3339; when the next attempt is due, where `delayed`. */
  readonly dueAt?: string;
  /** The last failure's message, where there was one. */
  readonly lastError?: string;
  /** `false` where the engine knows that no process handles the subscription now; absent otherwise. */
  readonly handled?: false;
  /** Whether the subscription is paused for all processes; absent where it is not. */
  readonly paused?: true;
}

/** Failures of a delivery that said the same. */
export interface FailureCount {
  /** The code of each. */
  readonly code: Failure["code"];
  /** The message of each; at most 200 characters of it. */
  readonly message: string;
  /** How many there were. */
  readonly count: number;
}

/** A delivery that has ended, and how. */
export interface EndedDelivery {
  /** The name of the subscription that it went to. */
  readonly subscription: string;
  /** The id of its event. */
  readonly eventId: string;
  /** The replay that it belonged to; absent where it was of the event itself. */
  readonly replayId?: string;
  /**
   * `done`: it was handled. `dropped`: it was not, since its event had expired or the subscriber's `filter` excluded it.
   * `dead`: it became a dead letter, which may have been redriven or discarded since.
   */
  readonly outcome: "done" | "dropped" | "dead";
  /** Attempts made, the last one included; what was redriven counts anew. */
  readonly attempts: number;
  /** The failed attempts, those that said the same counted. */
  readonly failures: readonly FailureCount[];
  /** RFC 3339: when it ended. */
  readonly endedAt: string;
  /** Milliseconds for which the handler ran in the last attempt; absent where it did not run, or its process ended. */
  readonly ranMs?: number;
  /** Milliseconds from acceptance, or from the start of the replay or redrive, to the end: waiting and retries included. */
  readonly totalMs: number;
}

/** Of a delivery that has ended, what rates and durations are computed from. */
export interface EndedSample {
  /** The name of the subscription that it went to. */
  readonly subscription: string;
  /** As in {@link EndedDelivery}. */
  readonly outcome: EndedDelivery["outcome"];
  /** Attempts that failed. */
  readonly failures: number;
  /** Milliseconds since 1970: when it ended. */
  readonly endedAt: number;
  /** As in {@link EndedDelivery}. */
  readonly ranMs?: number;
  /** As in {@link EndedDelivery}. */
  readonly totalMs: number;
}

/** A delivery out of attempts, or an event that could not be published, with the reason and its own copy of the event. */
export interface DeadLetter {
  /** Identifies it for `get`, `redrive` and `discard`. */
  readonly id: string;
  /** Absent where the event could not be published. */
  readonly subscription?: string;
  /** The replay that the delivery belonged to. */
  readonly replayId?: string;
  /** The event as it was published. */
  readonly event: Event;
  /** Code, message and stack of the last failure. */
  readonly reason: Failure;
  /** Attempts made. */
  readonly attempts: number;
  /** Every failed attempt, oldest first, with its time. */
  readonly failures: readonly Failure[];
  /** RFC 3339: when the event was accepted. */
  readonly acceptedAt: string;
  /** RFC 3339: when it became a dead letter. */
  readonly deadAt: string;
}
