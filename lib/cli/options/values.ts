import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { type Command, InvalidArgumentError } from "commander";
import { messageOf } from "../../error/message-of.ts";
import { parseDuration } from "../../event/duration.ts";
import { normalizeTime } from "../../event/time.ts";
import type { CliIo } from "../io.ts";
import { CliError } from "../report-error.ts";

/** `agentId` as an option: `agent-id`. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** For an option that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/** For an option that is a whole number, `least` or more. */
export function count(least = 1, most = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(
      most === Number.MAX_SAFE_INTEGER ? `Give a whole number from ${least}.` : `Give ${least} to ${most}.`,
    );
  };
}

/** For an option that is a point in time: RFC 3339, a day, or how long ago (`15m`). Gives RFC 3339. */
export function pointInTime(io: Pick<CliIo, "now">): (value: string) => string {
  return (value) => {
    const time = normalizeTime(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : value);
    if (time !== undefined) return time;
    return new Date(io.now() - howLongAgo(value)).toISOString();
  };
}

function howLongAgo(value: string): number {
  try {
    return parseDuration(value, "time");
  } catch {
    throw new InvalidArgumentError(
      "Give a time (2026-01-31T12:00:00Z), a day (2026-01-31, UTC), or how long ago (90s, 15m, 2h, 7d).",
    );
  }
}

/** The text of an argument: itself, of a file (`@file`), or of stdin (`@-` or `-`). */
export async function textOf(io: CliIo, argument: string): Promise<string> {
  if (argument === "-" || argument === "@-") return text(addAbortSignal(io.signal, io.stdin.stream));
  if (!argument.startsWith("@")) return argument;
  return readTextFile(io, argument.slice(1));
}

/** A file that the user named; says so where it cannot be read. */
export async function readTextFile(io: CliIo, name: string): Promise<string> {
  try {
    return await readFile(resolve(io.cwd, name), { encoding: "utf8", signal: io.signal });
  } catch (thrown) {
    throw unreadable(name, thrown);
  }
}

/** The failure of reading a file that the user named. */
export function unreadable(name: string, thrown: unknown): CliError {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file",
    EISDIR: "it is a folder",
    EACCES: "it may not be read",
  };
  return new CliError(`${name} cannot be read: ${reasons[code] ?? messageOf(thrown)}`, { cause: thrown });
}

/** A JSON argument; a usage error names it and the place where it stops being JSON. */
export function parseJsonArgument(command: Command, name: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (thrown) {
    return command.error(`error: ${name} is not JSON: ${messageOf(thrown)}`);
  }
}
