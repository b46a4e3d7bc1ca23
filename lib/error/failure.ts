import * as z from "zod";
import { type BusErrorCode, readErrorCode } from "./bus-error.ts";

/** Why an attempt failed, or why an event became a dead letter. */
export interface Failure {
  /** `handler_error` for what is not a `BusError`; otherwise the code of the error. docs/errors.md lists all of them. */
  readonly code: BusErrorCode;
  readonly message: string;
  readonly stack?: string;
  /** RFC 3339. */
  readonly at: string;
  /** Which attempt failed; 0 where none was made. */
  readonly attempt: number;
}

/** A failure as rows and messages keep it. */
export const failureSchema = z.object({
  code: z.string().transform(readErrorCode),
  message: z.string(),
  stack: z.string().exactOptional(),
  at: z.string(),
  attempt: z.number(),
}) satisfies z.ZodType<Failure>;
