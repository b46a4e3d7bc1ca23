import type { CliOutput } from "../io.ts";
import { printable, printableLines } from "./text.ts";

/** What a line of a function's log says, where it is JSON. */
export function fieldsOf(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** A line of a log for a person: level and message first, then the other fields. */
export function logText({ colors }: CliOutput, text: string): string {
  const fields = fieldsOf(text);
  const { dim, red, yellow } = colors;
  // What Lambda itself writes of an invocation.
  if (fields === undefined)
    return /^(START|END|REPORT|INIT_START) /.test(text) ? dim(printable(text)) : printableLines(text);
  const { level, message, time: _, ...others } = fields;
  if (typeof message !== "string") return printableLines(text);
  const rest = Object.entries(others).map(([name, value]) => `${name}=${shown(value)}`);
  const label = typeof level === "string" ? `${level.toUpperCase().padEnd(5)} ` : "";
  const style = /^(error|fatal)$/i.test(String(level)) ? red : /^warn/i.test(String(level)) ? yellow : dim;
  return `${style(label)}${printable(message)}${rest.length === 0 ? "" : dim(printable(` ${rest.join(" ")}`))}`;
}

function shown(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
