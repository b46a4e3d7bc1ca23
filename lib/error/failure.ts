import * as z from "zod";

/** Why an attempt failed, or why an event became a dead letter. */
export interface Failure {
  /** `handler_error`, `non_retriable`, `timeout`, `process_ended`, `overflow`, or a code of BusError. */
  readonly code: string;
  readonly message: string;
  readonly stack?: string;
  /** RFC 3339. */
  readonly at: string;
  /** Which attempt failed; 0 where none was made. */
  readonly attempt: number;
}

/** A failure as rows and messages keep it. */
export const failureSchema = z.object({
  code: z.string(),
  message: z.string(),
  stack: z.string().exactOptional(),
  at: z.string(),
  attempt: z.number(),
}) satisfies z.ZodType<Failure>;
