import { isError, readField } from "../error/thrown.ts";
import { longestBackoffMs } from "../subscription/record.ts";

/**
 * Thrown in a handler, it returns the delivery to the queue for a time, at most 11 h: the attempt is not counted, and nothing
 * has failed. Steps throw it where they wait; a handler that catches it must throw it again.
 */
export class ParkedError extends Error {
  /** Waggle recognizes the error by this name. */
  override readonly name = "ParkedError";
  /** Milliseconds before the delivery is handed over again. */
  readonly afterMs: number;

  constructor(message: string, afterMs: number) {
    super(message);
    this.afterMs = Math.min(Math.max(0, afterMs), longestBackoffMs);
  }
}

/** Whether what a handler threw only returns its delivery to the queue. By name, so that a second copy of the package counts too. */
export function isParked(thrown: unknown): boolean {
  return isError(thrown) && readField(thrown, "name") === "ParkedError";
}
