import type { Logger } from "../../runtime/logger.ts";
import { dataDigest } from "../output/data-digest.ts";
import type { NoteLevel, Report } from "./report.ts";
import type { Steps } from "./steps.ts";

/** Fields by which the bus says which delivery a line is about. */
const known = new Set(["subscription", "attempt", "eventId", "type", "correlationId"]);

/**
 * Adds what the bus and handlers log to the report: everything from this level up, except failures that it has shown already.
 * A logger of the user's own gets it in its place, and all of it.
 */
export function reportLogger(report: Report, steps: Steps, from: NoteLevel, own: Logger | undefined): Logger {
  const write =
    (level: NoteLevel, name: keyof Logger): Logger["info"] =>
    (message, fields = {}) => {
      const told = steps.toldOf(fields);
      if (own !== undefined) own[name](message, fields);
      else if (!told && (level !== "info" || from === "info")) report.note(level, textOf(message, fields));
    };
  return {
    debug: (message, fields) => own?.debug(message, fields),
    info: write("info", "info"),
    warn: write("warning", "warn"),
    error: write("error", "error"),
  };
}

function textOf(message: string, fields: Readonly<Record<string, unknown>>): string {
  const { subscription } = fields;
  const start = typeof subscription === "string" ? `${subscription}: ` : "";
  const more = dataDigest(Object.fromEntries(Object.entries(fields).filter(([name]) => !known.has(name))));
  return `${start}${message}${more === "" ? "" : ` ${more}`}`;
}
