import type { Failure } from "../engine/delivery.ts";
import { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
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

/** What a handler's error says of the next attempt. By name and shape, so that a second copy of the package counts too. */
export function retryHint(thrown: unknown): { never: true } | { afterMs: number } | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if (thrown.name === "NonRetriableError") return { never: true };
  const afterMs = thrown.name === "RetryAfterError" && "afterMs" in thrown ? thrown.afterMs : undefined;
  return typeof afterMs === "number" && afterMs >= 0 ? { afterMs: Math.min(afterMs, longestBackoffMs) } : undefined;
}

/** The record of a failed attempt. */
export function toFailure(thrown: unknown, attempt: number, nowMs: number): Failure {
  const at = new Date(nowMs).toISOString();
  const message = messageOf(thrown);
  if (!(thrown instanceof Error)) return { code: "handler_error", message, at, attempt };
  const code =
    thrown instanceof BusError ? thrown.code : thrown.name === "NonRetriableError" ? "non_retriable" : "handler_error";
  return { code, message, ...(thrown.stack === undefined ? {} : { stack: thrown.stack }), at, attempt };
}
