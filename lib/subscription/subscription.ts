import type { EventDefinition } from "../event/definition.ts";
import type { Duration } from "../event/duration.ts";
import type { Event } from "../event/event.ts";
import type { KeyPathOf } from "./key-path.ts";
import type { Where } from "./where.ts";

/** Selects events by type: a definition, a type name, or a name with `*`. */
export type EventSelector = EventDefinition | string;

/** The selectors in the value of `on`, as a union. */
export type SelectorIn<On> = On extends readonly (infer Selector)[] ? Selector : On;

/** The event that a selector selects: of a definition, of a type in `Events`, or any event. */
export type EventFor<Selector, Events = unknown> =
  Selector extends EventDefinition<infer Type, infer Data>
    ? Event<Type, Data>
    : Selector extends keyof Events & string
      ? Event<Selector, Events[Selector]>
      : Event;

/** The events that a subscription delivers: `EventOf<typeof readers, StandardEvents>`. */
export type EventOf<S extends { readonly on: unknown }, Events = unknown> = EventFor<SelectorIn<S["on"]>, Events>;

/** A subscription as pure data: engines, stacks and the HTTP API read the same object. Only `on` is required. */
export interface Subscription<
  On extends EventSelector | readonly EventSelector[] = EventSelector | readonly EventSelector[],
> {
  /**
   * The name, `[a-z][a-z0-9-]{0,47}`. Subscribers with the same name compete for the deliveries of one queue. A subscription
   * without a name ends with its process.
   */
  readonly name?: string;
  /** One selector or several. `*` in a name matches any run of characters, dots included. */
  readonly on: On;
  /** EventBridge pattern that an event must match. */
  readonly where?: Where<SelectorIn<On>>;
  /** Maximum number of attempts, the first included: 1 to 100. Default 5. */
  readonly attempts?: number;
  /**
   * The delay before the second attempt (`from`, default 1 s) and the longest delay (`to`, default 5 min), each at most 11 h.
   * The delay doubles after each attempt; half of it is random.
   */
  readonly backoff?: {
    /** The delay before the second attempt; default 1 s, at most 11 h. */
    readonly from?: Duration;
    /** The longest delay between two attempts; default 5 min, at most 11 h. */
    readonly to?: Duration;
  };
  /** Time limit of one attempt: 1 ms to 12 h. Default 30 s. */
  readonly timeout?: Duration;
  /** Maximum number of deliveries that run at once: 1 to 1,000. Default 10. */
  readonly concurrency?: number;
  /**
   * Limits the concurrent deliveries for each value at the path `key` to `limit`, 1 to 1,000, so that one customer cannot use
   * all of `concurrency`. Each process, that is, each bus that handles the subscription, applies the limit on its own.
   */
  readonly concurrencyPerKey?: {
    /** The path; an event without a value there is not limited. */
    readonly key: KeyPathOf<SelectorIn<On>>;
    /** Deliveries of one value that run at once: 1 to 1,000. */
    readonly limit: number;
  };
  /**
   * Limits the attempts that start within any span of `per`, 1 ms to 1 day, to `limit`, 1 to 10,000; with `key`, for each
   * value at that path. Each process, that is, each bus that handles the subscription, applies the limit on its own.
   */
  readonly throttle?: {
    /** Attempts that may start, retries included: 1 to 10,000. */
    readonly limit: number;
    /** The length of the span: 1 ms to 1 day. */
    readonly per: Duration;
    /** Limits each value at this path; an event without a value there is not limited. */
    readonly key?: KeyPathOf<SelectorIn<On>>;
  };
  /** Delivers events with the same value at this path one at a time, in order: `source`, `type`, `data.…`, `metadata.…`. */
  readonly ordered?: KeyPathOf<SelectorIn<On>>;
  /** Whether an event succeeds at most once. Default true. */
  readonly idempotent?: boolean;
  /** How long a success is remembered: 1 ms to 1 year. Default 15 days. */
  readonly dedupeFor?: Duration;
  /** Where a new subscription starts: `"now"` (default), `"beginning"`, or a time (RFC 3339). */
  readonly from?: "now" | "beginning" | (string & {}) | Date;
  /** Maximum number of waiting deliveries, at least 1; the excess becomes dead letters. No limit if omitted. */
  readonly maxBacklog?: number;
}

/** A subscription with all defaults applied and all durations in milliseconds, as engines read and store it. */
export interface SubscriptionRecord {
  /** `[a-z][a-z0-9-]{0,47}`; generated for a subscription without a name. */
  readonly name: string;
  /** Type names, `*` allowed. */
  readonly on: readonly string[];
  /** EventBridge pattern over the event (`{ data, metadata, source, ... }`), without the type. */
  readonly where?: Readonly<Record<string, unknown>>;
  /** Maximum number of attempts, the first included: 1 to 100. Default 5. */
  readonly attempts: number;
  /** The delay before the second attempt and the longest delay, in milliseconds. It doubles each time; half of it is random. */
  readonly backoff: {
    /** Milliseconds before the second attempt. */
    readonly from: number;
    /** The longest delay in milliseconds. */
    readonly to: number;
  };
  /** Time limit of one attempt in milliseconds. Default 30 s. */
  readonly timeout: number;
  /** Maximum number of deliveries that run at once: 1 to 1,000. Default 10. */
  readonly concurrency: number;
  /** Concurrent deliveries in a process for each value at the path `key`, 1 to 1,000. Absent: no limit. */
  readonly concurrencyPerKey?: {
    /** The path into the event. */
    readonly key: string;
    /** 1 to 1,000. */
    readonly limit: number;
  };
  /**
   * Attempts that start in a process within any `per` milliseconds, 1 to 10,000; with `key`, for each value at that path.
   * Absent: no limit.
   */
  readonly throttle?: {
    /** 1 to 10,000. */
    readonly limit: number;
    /** Milliseconds. */
    readonly per: number;
    /** The path into the event; absent: one limit for all. */
    readonly key?: string;
  };
  /** Path into the event (`data.taskId`) of the ordering key. */
  readonly ordered?: string;
  /** Whether an event succeeds at most once. Default true. */
  readonly idempotent: boolean;
  /** How long a success is remembered, in milliseconds. Default 15 days. */
  readonly dedupeFor: number;
  /** Where a new subscription starts: "now", "beginning", or a time (RFC 3339). */
  readonly from: string;
  /** Maximum number of waiting deliveries; the excess becomes dead letters. No limit if absent. */
  readonly maxBacklog?: number;
}
