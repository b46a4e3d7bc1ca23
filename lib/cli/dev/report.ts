import type { DeadLetter } from "../../engine/delivery.ts";
import type { Event } from "../../event/event.ts";
import type { Flow } from "../../history/flow.ts";
import type { Learnt } from "./learnt.ts";
import type { Skipped } from "./scan.ts";
import type { FailedStep, Step } from "./steps.ts";

/** What a run set out to do, once it is known. */
export interface Plan {
  functions: string[];
  roots: RootPlan[];
  skipped: Skipped[];
  /** Workflows of earlier runs that go on. */
  resumed: { workflowId: string; root: string }[];
  /** Documents that died, were changed since, and are tried again. */
  fixed: string[];
  /** Deliveries that earlier runs left. */
  leftOver: number;
  /** Why no document was announced, where nobody would have taken it. */
  unannounced?: string;
}

export interface RootPlan {
  root: string;
  /** Documents found. */
  found: number;
  /** Of which this run announces. */
  fresh: number;
}

/** How one workflow stands at the end. */
export interface WorkflowSummary {
  workflowId: string;
  root: string;
  status: Flow["status"];
  documents: number;
  /** Tasks of it that ended well. */
  ended: number;
  events: number;
  durationMs: number;
}

/** What a run came to. */
export interface Summary {
  documents: { found: number; announced: number; read: number; gaveWay: number };
  workflows: WorkflowSummary[];
  events: Record<string, number>;
  slowest: Step[];
  deadLetters: { id: string; subscription: string; what: string; message: string; attempts: number; deadAt: string }[];
  learnt: Learnt;
  durationMs: number;
  /** From the start of the process to the end of the first run of a function; absent where none ran. */
  firstHandledMs?: number;
}

/** Tells the user how a run goes. */
export interface Reporter {
  planned(plan: Plan): void;
  event(event: Event): void;
  failed(step: FailedStep): void;
  /** Called whenever a function begins or ends a run. */
  running(what: readonly string[]): void;
  /** What the bus or a function wants to be known. */
  note(level: "warning" | "error", message: string): void;
  finished(summary: Summary): void;
  interrupted(): void;
}

/** What is kept of a dead letter in a summary. */
export function summarizeDeadLetter(letter: DeadLetter, what: string): Summary["deadLetters"][number] {
  const { id, subscription = "", attempts, deadAt, reason } = letter;
  return { id, subscription, what, message: reason.message, attempts, deadAt };
}
