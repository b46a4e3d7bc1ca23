import type { SubscriptionState } from "../engine/subscription-store.ts";
import type { AlertMetric } from "./alert.ts";
import type { FlowState } from "./flow-table.ts";
import type { WatchedEvent } from "./watched-event.ts";

/** What a detector has found. */
export interface Finding {
  readonly metric: AlertMetric;
  readonly subject: string;
  readonly value: number;
  readonly threshold: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Tells it from other findings on the subject; it follows from what was recorded. Absent for what is not in history. */
  readonly key?: string;
}

/** Where a detector tells what it has found. Telling twice changes nothing: an alert is raised once until it is cleared. */
export interface Findings {
  raise(finding: Finding): void;
  /** Ends what was raised on a subject; nothing where nothing was. */
  clear(subject: string, atMs: number, value: number): void;
  /** Whether something is raised on a subject. */
  isActive(subject: string): boolean;
  /** All subjects on which something is raised. */
  subjects(): readonly string[];
}

/** One rule at work: it is told of events and of the time, which never goes back, and tells what it finds. */
export interface Detector {
  observe?(event: WatchedEvent, flow: FlowState, findings: Findings): void;
  /** The time has come to `nowMs`. */
  advance?(nowMs: number, findings: Findings): void;
  /** How the subscriptions stand. */
  measure?(states: readonly SubscriptionState[], nowMs: number, findings: Findings): void;
  /** A flow is no longer watched. */
  forget?(flow: FlowState, findings: Findings): void;
}
