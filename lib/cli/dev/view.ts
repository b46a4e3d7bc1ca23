import type { Event } from "../../event/event.ts";
import type { RunSummary } from "./report.ts";
import type { Step } from "./steps.ts";

/** How a part of a report is coloured on a terminal. */
export type ReportTone = "good" | "warning" | "bad" | "dim";

/** A line of a report as plain text: colours, and making control characters visible, are the report's part. */
export interface ReportLine {
  /** A first word in the colour of the tone. */
  label?: string;
  /** The colour of the label. */
  tone?: ReportTone;
  /** The text of the line. */
  text?: string;
  /** Follows the text, dim, without a space between. */
  note?: string;
}

/** A cell of a table of a report, as plain text. */
export type ReportCell =
  | string
  | {
      /** The text of the cell. */
      text: string;
      /** Its colour. */
      tone: ReportTone;
    };

/** A part of a summary: a title, and rows in columns. */
export interface ReportSection {
  /** The heading of the part. */
  title: string;
  /** Cells by row. */
  rows: readonly (readonly ReportCell[])[];
  /** Columns, from 0, whose text stands at the right. */
  right?: readonly number[];
  /** The column, from 0, that may be cut where a terminal is too narrow. */
  flexible?: number;
}

/** A summary as a person reads it. */
export interface SummaryText {
  /** The first line: what the run came to. */
  headline: string;
  /** Before the events, slowest runs and dead letters. */
  sections?: readonly ReportSection[];
  /** What to do about dead letters, before the command that redrives them. */
  fix?: string;
  /** Commands of `waggle`, without that word, and what each shows. */
  next?: readonly (readonly [command: string, says: string])[];
}

/**
 * What a program adds to the report of its run. All of it is optional: without a view, each event and
 * each run of a handler is a line. `Plan` is what the program gives `session.plan`, `Result` what its work resolves with.
 */
export interface ReportView<Plan extends object = object, Result = unknown> {
  /** What an event is about: a file, a task. Shown with runs, failures and dead letters; default: the event's type. */
  subject?(event: Event): string | undefined;
  /** Additional fields of an event's JSON line. */
  fields?(event: Event): Readonly<Record<string, unknown>>;
  /** The lines before the first event. */
  plan?(plan: Plan): readonly ReportLine[];
  /** The line that an event is worth. `live`: a line at the foot of the terminal says how far the run is. */
  event?(event: Event, live: boolean): ReportLine | undefined;
  /** The line that a run of a handler is worth. */
  handled?(step: Step): ReportLine | undefined;
  /** How far the run is, for the line at the foot of a terminal. */
  status?(): string;
  /** What an interrupted run leaves undone; default: its deliveries. `undefined` where nothing is left. */
  left?(): string | undefined;
  /** The summary at the end; default: how many deliveries were handled, and how long it took. */
  summary?(summary: RunSummary, result: Result): SummaryText;
}
