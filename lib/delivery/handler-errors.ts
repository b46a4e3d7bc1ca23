import type { Failure } from "../engine/delivery.ts";
import { type BusErrorCode, isBusErrorCode } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import { cutStack, isError, readField, readText } from "../error/thrown.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import { longestBackoffMs } from "../subscription/record.ts";

/** Throw it in a handler to set the delay before the next attempt, at most 11 h, instead of the backoff. The attempt counts. */
export class RetryAfterError extends Error {
  /** Waggle recognizes the error by this name. */
  override readonly name = "RetryAfterError";
  /** Milliseconds before the next attempt. */
  readonly afterMs: number;

  constructor(message: string, after: Duration, options?: ErrorOptions) {
    super(message, options);
    this.afterMs = Math.min(parseDuration(after, "after"), longestBackoffMs);
  }
}

/** Throw it in a handler to make the delivery a dead letter at once, without further attempts. */
export class NonRetriableError extends Error {
  /** Waggle recognizes the error by this name. */
  override readonly name = "NonRetriableError";
}

/**
 * What a handler's error says of the next attempt. By name and shape, so that a second copy of the package counts too, and
 * an error of another realm. A delay that is negative or no finite number says nothing. Never throws.
 */
export function retryHint(thrown: unknown): { never: true } | { afterMs: number } | { parkMs: number } | undefined {
  if (!isError(thrown)) return undefined;
  const name = readField(thrown, "name");
  if (name === "NonRetriableError") return { never: true };
  if (name !== "RetryAfterError" && name !== "ParkedError") return undefined;
  const afterMs = readField(thrown, "afterMs");
  if (typeof afterMs !== "number" || !Number.isFinite(afterMs) || afterMs < 0) return undefined;
  const ms = Math.min(afterMs, longestBackoffMs);
  return name === "ParkedError" ? { parkMs: ms } : { afterMs: ms };
}

/**
 * The record of a failed attempt. Whatever was thrown, it can be written: a field that is no text is left out, a message is
 * cut to 8,192 characters and a stack to 16,384. Never throws.
 */
export function toFailure(thrown: unknown, attempt: number, nowMs: number): Failure {
  const at = new Date(nowMs).toISOString();
  const message = messageOf(thrown);
  if (!isError(thrown)) return { code: "handler_error", message, at, attempt };
  const stack = readText(thrown, "stack");
  return { code: codeOf(thrown), message, ...(stack === undefined ? {} : { stack: cutStack(stack) }), at, attempt };
}

/** A longer one than this is not a code. */
const longestCode = 128;

/** By name, so that a second copy of the package counts too. */
function codeOf(error: object): BusErrorCode {
  const name = readField(error, "name");
  if (name === "NonRetriableError") return "non_retriable";
  const code = name === "BusError" ? readText(error, "code") : undefined;
  return code !== undefined && code.length <= longestCode && isBusErrorCode(code) ? code : "handler_error";
}
