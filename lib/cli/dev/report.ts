import type { DeadLetter } from "../../engine/delivery.ts";
import type { Event } from "../../event/event.ts";
import type { FailedStep, Step } from "./steps.ts";
import type { ReportView } from "./view.ts";

/** What is known before the first event. */
export interface RunPlan {
  /** Folders of the functions that are at work. */
  functions: string[];
  /** Modules that were loaded, and what they subscribed. */
  imports: { file: string; subscriptions: string[] }[];
  /** Deliveries that earlier runs left. */
  leftOver: number;
}

/** What a run came to. */
export interface RunSummary {
  /** Runs of handlers that succeeded. */
  handled: number;
  /** Runs of handlers that failed. */
  failed: number;
  /** Events recorded meanwhile, by type, most first. */
  events: Record<string, number>;
  /** The slowest runs, slowest first. */
  slowest: Step[];
  /** What is dead in the subscriptions of this run, whenever it died; newest first. */
  deadLetters: DeadStep[];
  /** Milliseconds from the start of the work to its end. */
  durationMs: number;
  /** From the start of the process to the end of the first run; absent where none ran. */
  firstHandledMs?: number;
}

/** What a summary says of a dead letter. */
export interface DeadStep {
  /** The id of the dead letter. */
  id: string;
  /** The subscription that failed; empty if the event was not published. */
  subscription: string;
  /** What the event is about, or else its type. */
  what: string;
  /** The message of the last failure. */
  message: string;
  /** Attempts made. */
  attempts: number;
  /** RFC 3339: when it became a dead letter. */
  deadAt: string;
}

/** How loud a {@link Report.note} is. */
export type NoteLevel = "info" | "warning" | "error";

/** Shows the user how a run goes. */
export interface Report {
  /** Before anything is subscribed, with the folders of the functions. */
  starting(functions: readonly string[]): void;
  planned(plan: RunPlan & object): void;
  /** Resolves when there is room for the next one. */
  event(event: Event): Promise<void>;
  handled(step: Step): void;
  failed(step: FailedStep): void;
  /** Called whenever a handler begins or ends a run. */
  running(what: readonly string[]): void;
  /** What the bus or a handler wants to be known. */
  note(level: NoteLevel, message: string): void;
  /** What handlers print by `console`. */
  print(text: string): void;
  /** `result`: what the work resolved with. */
  finished(summary: RunSummary, result: unknown): void;
  /** The run is stopping; this many handlers may finish. */
  stopping(running: number): void;
  /** The run has stopped; this many deliveries are left, for the next run if the engine keeps them. */
  interrupted(left: { deliveries: number; kept: boolean }): void;
}

/** What an event is about. */
export function subjectOf(event: Event, view: Pick<ReportView, "subject">): string {
  return view.subject?.(event) ?? event.type;
}

/** What is kept of a dead letter in a summary. */
export function toDeadStep(deadLetter: DeadLetter, view: Pick<ReportView, "subject">): DeadStep {
  const { id, subscription = "", attempts, deadAt, reason, event } = deadLetter;
  return { id, subscription, what: subjectOf(event, view), message: reason.message, attempts, deadAt };
}
