import * as z from "zod";
import type { Event } from "../../event/event.ts";

/** What a scripted handler reports: one at each turn of a run. */
export const reportSchema = z.object({
  /** What the handler has just done. */
  phase: z.enum(["started", "published", "refused", "aborted", "done", "failed"]),
  /** The subscription that it handles. */
  subscription: z.string(),
  /** The event that it handles. */
  eventId: z.string(),
  /** The correlation id of the event. */
  flow: z.string(),
  /** 1 for the first. */
  attempt: z.number(),
  /** Whether the delivery was redriven. */
  redriven: z.boolean(),
  /** The process that ran it. */
  pid: z.number(),
  /** Milliseconds since 1970. */
  at: z.number(),
  /** As the handler got it (`started`), or as it published it (`published`). */
  event: z.custom<Event>((value) => typeof value === "object" && value !== null && "metadata" in value).optional(),
  /** Code of the refusal, or message of the error. */
  note: z.string().optional(),
});

/** One report of a scripted handler. */
export type Report = z.infer<typeof reportSchema>;

/** The way back from handlers to the case, wherever they run. */
export interface Recorder {
  /** Keeps a report. What one process reports of a flow keeps its order, awaited or not. */
  report(report: Report): Promise<void>;
  /** What the runs of a flow's events reported so far, in the order in which it happened. */
  reports(flow: string): Promise<Report[]>;
  /** Lets those go on who wait at this gate. */
  open(gate: string): Promise<void>;
  /** Whether a gate was opened. */
  isOpen(gate: string): Promise<boolean>;
}

/** A recorder for handlers of this process alone. */
export function memoryRecorder(): Recorder {
  const byFlow = new Map<string, Report[]>();
  const gates = new Set<string>();
  return {
    report: async (report) => {
      const reports = byFlow.get(report.flow);
      if (reports === undefined) byFlow.set(report.flow, [report]);
      else reports.push(report);
    },
    reports: async (flow) => [...(byFlow.get(flow) ?? [])],
    open: async (gate) => {
      gates.add(gate);
    },
    isOpen: async (gate) => gates.has(gate),
  };
}
