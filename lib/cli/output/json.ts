import type { CliOutput } from "../io.ts";
import { deepJson } from "./deep-json.ts";

/** Characters that a terminal acts on. JSON can represent them as escapes. */
const unsafe = /[\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Formats a value as JSON, by default on one line; always so where it is nested too deep to be indented. */
export function toJson(value: unknown, indent?: number): string {
  return anyDepth(value, indent).replace(
    unsafe,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A flow is a tree of causes: agents that answer each other make one that is thousands of events deep. */
function anyDepth(value: unknown, indent: number | undefined): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (thrown) {
    if (thrown instanceof RangeError) return deepJson(value);
    throw thrown;
  }
}

/** Writes one line of NDJSON. */
export function writeJson(output: CliOutput, value: unknown): void {
  output.write(`${toJson(value)}\n`);
}
