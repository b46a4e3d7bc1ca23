import * as z from "zod";
import { type BusErrorCode, readErrorCode } from "./bus-error.ts";

/** The reason why an attempt failed, or why an event became a dead letter. */
export interface Failure {
  /** The code of a `BusError`; otherwise `handler_error`. docs/reference/errors.md lists all of them. */
  readonly code: BusErrorCode;
  /** The message of the error, or a short form of whatever else was thrown; at most 8,192 characters. */
  readonly message: string;
  /** The stack of the error, if it had one: its beginning and its end, at most 16,384 characters. */
  readonly stack?: string;
  /** RFC 3339 time of the failure. */
  readonly at: string;
  /** The number of the failed attempt; 0 if no attempt was made. */
  readonly attempt: number;
}

/** Schema of a failure in a stored row or a queue message. */
export const failureSchema = z.object({
  code: z.string().transform(readErrorCode),
  message: z.string(),
  stack: z.string().exactOptional(),
  at: z.string(),
  attempt: z.number(),
}) satisfies z.ZodType<Failure>;
