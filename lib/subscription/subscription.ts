import type { EventDefinition } from "../event/definition.ts";

/** `"250ms"`, `"30s"`, `"5m"`, `"2h"`, `"15d"`, or milliseconds as a number. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** What a subscription listens to: definitions, type names, or names with `*`. */
export type Wanted = EventDefinition | string;

/** A subscription with every default filled in and every duration in milliseconds: what engines read and keep. */
export interface SubscriptionRecord {
  readonly name: string;
  /** Type names, `*` allowed. */
  readonly on: readonly string[];
  /** EventBridge pattern over the event (`{ data, metadata, source, ... }`), without the type. */
  readonly where?: Readonly<Record<string, unknown>>;
  /** Runs at most, the first included: 1 to 100. Default 5. */
  readonly attempts: number;
  /** Milliseconds before the second attempt, and the most between any two; doubled each time, with full jitter. */
  readonly backoff: { readonly from: number; readonly to: number };
  /** Milliseconds that one attempt may take. Default 30 s. */
  readonly timeout: number;
  /** Deliveries that run at once, 1 to 1,000. Default 10. */
  readonly concurrency: number;
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
