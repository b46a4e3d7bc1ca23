import type { CliOutput } from "../io.ts";

/** Characters that a terminal acts on. JSON can represent them as escapes. */
const unsafe = /[\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Formats a value as JSON, by default on one line. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(
    unsafe,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Writes one line of NDJSON. */
export function writeJson(output: CliOutput, value: unknown): void {
  output.write(`${toJson(value)}\n`);
}
