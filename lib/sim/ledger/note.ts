import type { Event } from "../../event/event.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";

/** What a note says of one attempt at one delivery. */
export interface AttemptNote {
  /** The name of the subscription. */
  readonly subscription: string;
  /** The id of the event. */
  readonly event: string;
  /** The id of the replay that the delivery belongs to. */
  readonly replay?: string;
  /** 1 for the first. */
  readonly attempt: number;
}

/** Settings of a subscription that a check needs; a `SubscriptionRecord` has them. */
export type NotedSubscription = Pick<SubscriptionRecord, "name" | "on"> &
  Partial<Pick<SubscriptionRecord, "where" | "attempts" | "concurrency" | "ordered" | "idempotent" | "maxBacklog">>;

/** One thing that happened to a bus, as a process saw it. A note is plain JSON, so that processes can write it to a file. */
export type Note = {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The process that says so; each start of a program is a process of its own. */
  readonly process: string;
} & (
  | {
      /** A subscription is there: from now on it gets the events that it wants. */
      readonly kind: "subscribed";
      /** Its settings. */
      readonly subscription: NotedSubscription;
      /** Whether it ends with its process; then nothing is owed to it. */
      readonly ephemeral?: boolean;
    }
  | {
      /** A subscription was deleted; nothing is owed to it any more. */
      readonly kind: "unsubscribed";
      /** Its name. */
      readonly subscription: string;
    }
  | {
      /** The publish of an event has begun. */
      readonly kind: "offered";
      /** The event. */
      readonly event: Event;
      /** Whether history keeps it; default true. */
      readonly history?: boolean;
    }
  | {
      /** The publish has resolved: the bus owes the event to everybody who wants it. */
      readonly kind: "accepted";
      /** Its id. */
      readonly event: string;
    }
  | ({
      /** A handler has begun. */
      readonly kind: "started";
      /** Whether the delivery was redriven: then its attempts count anew. */
      readonly redriven?: boolean;
    } & AttemptNote)
  | ({
      /** A handler has returned, or its promise has resolved. */
      readonly kind: "succeeded";
    } & AttemptNote)
  | ({
      /** A handler has thrown. */
      readonly kind: "failed";
      /** Whether it threw what ends the delivery at once, such as `NonRetriableError`. */
      readonly final?: boolean;
      /** Whether it gave the delivery back, or parked it: the attempt does not count. */
      readonly released?: boolean;
    } & AttemptNote)
  | ({
      /** The engine has recorded how the attempt ended. */
      readonly kind: "settled";
      /** How. */
      readonly outcome: "done" | "dropped" | "retry" | "dead" | "released";
    } & AttemptNote)
  | ({
      /** A dead letter was found in the store. `attempt` is the number of attempts made. */
      readonly kind: "dead";
      /** The code of its reason. */
      readonly code?: string;
    } & AttemptNote)
  | {
      /** A process has ended, whatever it was doing. It says so of itself, or another of it: `process` is the one that ended. */
      readonly kind: "crashed";
    }
);

/** What happened, in the order in which it did. */
export type Ledger = readonly Note[];
