import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { type Command, InvalidArgumentError } from "commander";
import { messageOf } from "../../error/message-of.ts";
import { parseDuration } from "../../event/duration.ts";
import { findLosses } from "../../event/exact-json.ts";
import { normalizeTime } from "../../event/time.ts";
import type { CliIo } from "../io.ts";
import { CliError } from "../report-error.ts";

/** Converts camel case to kebab case: `agentId` becomes `agent-id`. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Parses an option that may be repeated. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/** Parses an option that is an integer from `min` to `max`. */
export function count(min = 1, max = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(
      max === Number.MAX_SAFE_INTEGER
        ? `It must be an integer from ${min}.`
        : `It must be an integer from ${min} to ${max}.`,
    );
  };
}

/** Parses an option that is a point in time: RFC 3339, a day, or how long ago (`15m`). Returns RFC 3339. */
export function pointInTime(io: Pick<CliIo, "now">): (value: string) => string {
  return (value) => {
    const time = normalizeTime(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : value);
    if (time !== undefined) return time;
    return new Date(io.now() - parseAge(value)).toISOString();
  };
}

function parseAge(value: string): number {
  try {
    return parseDuration(value, "time");
  } catch {
    throw new InvalidArgumentError(
      "It must be a time (2026-01-31T12:00:00Z), a day (2026-01-31, UTC), or how long ago (90s, 15m, 2h, 7d).",
    );
  }
}

/** Returns an argument as it is, or the contents of a file (`@file`) or of stdin (`@-` or `-`). */
export async function textOf(io: CliIo, argument: string): Promise<string> {
  if (argument === "-" || argument === "@-") return text(addAbortSignal(io.signal, io.stdin.stream));
  if (!argument.startsWith("@")) return argument;
  return readTextFile(io, argument.slice(1));
}

/** Reads a text file named by the user. Rejects with `CliError` if it cannot be read. */
export async function readTextFile(io: CliIo, name: string): Promise<string> {
  try {
    return await readFile(resolve(io.cwd, name), { encoding: "utf8", signal: io.signal });
  } catch (thrown) {
    throw unreadable(name, thrown);
  }
}

/** Returns the error for a file named by the user that cannot be read. */
export function unreadable(name: string, thrown: unknown): CliError {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "it does not exist",
    EISDIR: "it is a folder",
    EACCES: "permission denied",
  };
  return new CliError(`${name} cannot be read: ${reasons[code] ?? messageOf(thrown)}`, { cause: thrown });
}

/**
 * Parses a JSON argument. Invalid JSON is a usage error with the name of the argument and the position, and so is what parsing would
 * change in silence.
 */
export function parseJsonArgument(command: Command, name: string, json: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (thrown) {
    return command.error(`error: ${name} is not JSON: ${messageOf(thrown)}`);
  }
  const [loss] = findLosses(json);
  return loss === undefined ? value : command.error(`error: ${name}: ${loss.problem}`);
}
