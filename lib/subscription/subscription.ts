import type { EventDefinition } from "../event/definition.ts";
import type { Duration } from "../event/duration.ts";
import type { Event } from "../event/event.ts";
import type { Where } from "./where.ts";

/** What a subscription listens to: definitions, type names, or names with `*`. */
export type Wanted = EventDefinition | string;

/** The single wants in what `on` holds, as a union. */
export type WantedIn<On> = On extends readonly (infer One)[] ? One : On;

/** The event that a want stands for: of a definition, of a type that `Events` knows, or any. */
export type EventFor<One, Events = unknown> =
  One extends EventDefinition<infer Type, infer Data>
    ? Event<Type, Data>
    : One extends keyof Events & string
      ? Event<One, Events[One]>
      : Event;

/** The events that a subscription delivers: `EventOf<typeof readers, StandardEvents>`. */
export type EventOf<S extends { readonly on: unknown }, Events = unknown> = EventFor<WantedIn<S["on"]>, Events>;

/** A path into an event to what tells it from others. */
export type KeyPath = "source" | "type" | `data.${string}` | `metadata.${string}`;

/** A subscription as pure data: engines, stacks and the HTTP face read the same object. All but `on` may be left out. */
export interface Subscription<On extends Wanted | readonly Wanted[] = Wanted | readonly Wanted[]> {
  /** `[a-z][a-z0-9-]{0,47}`. One name, one queue: what shares it shares its work. Without one it ends with the process. */
  readonly name?: string;
  /** One or several; `*` in a name is any run of characters, dots included. */
  readonly on: On;
  /** EventBridge pattern over the event. */
  readonly where?: Where<WantedIn<On>>;
  /** Runs at most, the first included: 1 to 100. Default 5. */
  readonly attempts?: number;
  /** Before the second attempt, and the most between any two; doubled each time, half of it random. Default 1 s and 5 min; at most 11 h. */
  readonly backoff?: { readonly from?: Duration; readonly to?: Duration };
  /** For one attempt: 1 ms to 12 h. Default 30 s. */
  readonly timeout?: Duration;
  /** Deliveries that run at once, 1 to 1,000. Default 10. */
  readonly concurrency?: number;
  /**
   * At most `limit` deliveries at once for each value of the path `key`, 1 to 1,000: one customer does not take all of
   * `concurrency`. Held by each process, that is by each bus that handles the subscription.
   */
  readonly concurrencyPerKey?: { readonly key: KeyPath; readonly limit: number };
  /**
   * At most `limit` attempts, 1 to 10,000, begin within any span of `per`, 1 ms to 1 day; with `key`, for each value of that path.
   * Held by each process, that is by each bus that handles the subscription.
   */
  readonly throttle?: { readonly limit: number; readonly per: Duration; readonly key?: KeyPath };
  /** Keeps order within each value of this path: `source`, `type`, `data.…`, `metadata.…`. */
  readonly ordered?: KeyPath;
  /** Whether an event succeeds once at most. Default true. */
  readonly idempotent?: boolean;
  /** For how long a success is remembered: 1 ms to 1 year. Default 15 days. */
  readonly dedupeFor?: Duration;
  /** Where a new one starts: `"now"` (default), `"beginning"`, or a time (RFC 3339). */
  readonly from?: "now" | "beginning" | (string & {}) | Date;
  /** Deliveries that may wait, at least 1; what comes above goes to its dead letters. No bound where absent. */
  readonly maxBacklog?: number;
}

/** A subscription with every default filled in and every duration in milliseconds: what engines read and keep. */
export interface SubscriptionRecord {
  readonly name: string;
  /** Type names, `*` allowed. */
  readonly on: readonly string[];
  /** EventBridge pattern over the event (`{ data, metadata, source, ... }`), without the type. */
  readonly where?: Readonly<Record<string, unknown>>;
  /** Runs at most, the first included: 1 to 100. Default 5. */
  readonly attempts: number;
  /** Milliseconds before the second attempt, and the most between any two; doubled each time, half of it random. */
  readonly backoff: { readonly from: number; readonly to: number };
  /** Milliseconds that one attempt may take. Default 30 s. */
  readonly timeout: number;
  /** Deliveries that run at once, 1 to 1,000. Default 10. */
  readonly concurrency: number;
  /** Deliveries that run at once in a process for each value of a path, 1 to 1,000. No bound where absent. */
  readonly concurrencyPerKey?: { readonly key: string; readonly limit: number };
  /**
   * Attempts that begin in a process within any `per` milliseconds, 1 to 10,000; with `key` for each value of that path. No
   * bound where absent.
   */
  readonly throttle?: { readonly limit: number; readonly per: number; readonly key?: string };
  /** Path into the event (`data.taskId`) whose value is the key within which order is kept. */
  readonly ordered?: string;
  /** Whether an event succeeds once at most. Default true. */
  readonly idempotent: boolean;
  /** Milliseconds for which a success is remembered. Default 15 days. */
  readonly dedupeFor: number;
  /** Where a new subscription starts: "now", "beginning", or a time (RFC 3339). */
  readonly from: string;
  /** Deliveries that may wait; what comes above it goes to the subscription's dead letters. No bound where absent. */
  readonly maxBacklog?: number;
}
