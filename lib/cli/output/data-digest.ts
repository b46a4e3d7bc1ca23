import { shortForm } from "../../error/short-form.ts";
import { printable } from "./text.ts";

/** Summarizes an event's data on one line: `taskId=task-12 title="Read the notes"`. */
export function dataDigest(data: unknown): string {
  if (!(data instanceof Object)) return printable(shortForm(data));
  return Object.entries(data)
    .slice(0, 12)
    .map(([name, value]) => printable(`${name}=${typeof value === "string" ? quoteIfNeeded(value) : shortForm(value)}`))
    .join(" ");
}

function quoteIfNeeded(text: string): string {
  return /^[\w./:@-]{1,60}$/.test(text) ? text : shortForm(text);
}
