import * as z from "zod";
import type { Failure } from "../../../engine/delivery.ts";
import { readErrorCode } from "../../../error/bus-error.ts";
import { formatTime } from "../../../event/time.ts";

/** Bytes of all messages and stacks together: with them the row of a delivery of five attempts stays below 1 KB. */
const textBytes = 440;
const messageBytes = 160;

/** Attempt, code, milliseconds since 1970, message, stack: a row has no room for names. */
const stored = z.array(z.tuple([z.number(), z.string(), z.number(), z.string()], z.string()));

/**
 * Failures as a row keeps them between attempts. Each keeps its attempt, code and time; messages are cut, the newest ones
 * last, and only the newest has a stack: a row above 1 KB would cost each further write twice.
 */
export function formatFailures(failures: readonly Failure[]): string {
  let left = textBytes;
  const cut = (text: string, most: number): string => {
    const short = cutBytes(text, Math.min(most, left));
    left -= Buffer.byteLength(short);
    return short;
  };
  const newest = failures.at(-1);
  const rows = failures.toReversed().map((failure) => {
    const row = [failure.attempt, failure.code, Date.parse(failure.at), cut(failure.message, messageBytes)];
    return failure === newest && failure.stack !== undefined ? [...row, cut(failure.stack, left / 2)] : row;
  });
  return JSON.stringify(rows.reverse());
}

/** The failures as far as they can be read: they tell of the past, and must not stop what comes. */
export function parseFailures(text: string): readonly Failure[] {
  let parsed: z.infer<typeof stored>;
  try {
    parsed = stored.parse(JSON.parse(text));
  } catch {
    return [];
  }
  return parsed.map(([attempt, code, at, message, stack]) => ({
    code: readErrorCode(code),
    message,
    ...(stack === undefined ? {} : { stack }),
    at: formatTime(at),
    attempt,
  }));
}

/** Cuts without halving a character. */
function cutBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  return new TextDecoder().decode(bytes.subarray(0, Math.max(0, Math.floor(most) - 3)), { stream: true });
}
