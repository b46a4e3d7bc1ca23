import * as z from "zod";
import { BusError, type BusErrorCode, type busErrorCodes } from "../../error/bus-error.ts";
import { Refusal, type RefusalCode, refusalStatus } from "./refusal.ts";

type NamedCode = (typeof busErrorCodes)[number];

/** The HTTP status of each error code: the one table, for every route. */
const statusByCode: Readonly<Record<NamedCode, number>> = {
  invalid_event: 422,
  unknown_type: 422,
  event_too_large: 413,
  invalid_pattern: 400,
  invalid_config: 400,
  rate_limited: 429,
  circuit_open: 503,
  loop_detected: 422,
  throttled: 429,
  unavailable: 503,
  not_found: 404,
  conflict: 409,
  timeout: 504,
  aborted: 503,
  closed: 503,
  handler_error: 500,
  non_retriable: 500,
  process_ended: 500,
  overflow: 503,
};

/** The media type of every error answer: RFC 9457. */
export const problemType = "application/problem+json";

/** Milliseconds after which a client may try again, where the error does not say. */
const retryAfterMs = 1_000;

/** The body of an error answer. `code`, `retryable` and `details` are those of the `BusError`. */
export const problemSchema = z.object({
  type: z.string().meta({ description: "A URI of the kind of error: urn:waggle:error:<code>." }),
  title: z.string(),
  status: z.int(),
  detail: z.string().meta({ description: "What is wrong, with the value, and what to do." }),
  code: z.string().meta({ description: "The code of the error; docs/reference/errors.md lists all of them." }),
  retryable: z.boolean().meta({ description: "Whether the same request may succeed later, unchanged." }),
  path: z.string().optional().meta({ description: "The field that is wrong, where it is one." }),
  details: z.record(z.string(), z.unknown()),
});

export type Problem = z.infer<typeof problemSchema>;

/** The status of an error; a code that an engine defines for itself is a failure of the server. */
export function statusOf(code: BusErrorCode | RefusalCode): number {
  if (Object.hasOwn(refusalStatus, code)) return refusalStatus[code as RefusalCode];
  return Object.hasOwn(statusByCode, code) ? statusByCode[code as NamedCode] : 500;
}

/** The error as it is answered. */
export function toProblem(error: BusError | Refusal): Problem {
  const { code, message, retryable, details } = error;
  const path = pathOf(details);
  return {
    type: `urn:waggle:error:${code}`,
    title: code.replaceAll("_", " "),
    status: statusOf(code),
    detail: message,
    code,
    retryable,
    ...(path === undefined ? {} : { path }),
    details: { ...details },
  };
}

/** An error answer with its headers. */
export function problemResponse(error: BusError | Refusal): Response {
  const problem = toProblem(error);
  const headers = new Headers({ "content-type": problemType, "cache-control": "no-store" });
  if (error instanceof Refusal) for (const [name, value] of Object.entries(error.headers)) headers.set(name, value);
  if (problem.retryable && (problem.status === 429 || problem.status === 503)) {
    headers.set("retry-after", String(Math.ceil(retryAfterMs / 1_000)));
  }
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

/** What was thrown, as an error that can be answered. What is no `BusError` is a bug: its message stays in the log. */
export function toAnswerable(thrown: unknown): BusError | Refusal {
  if (thrown instanceof BusError || thrown instanceof Refusal) return thrown;
  return new BusError("unavailable", "the server failed to answer this request; its log says why", {
    cause: thrown,
    retryable: false,
  });
}

function pathOf(details: Readonly<Record<string, unknown>>): string | undefined {
  const { path, field, issues } = details;
  if (typeof path === "string") return path;
  if (typeof field === "string") return field;
  const [first]: readonly unknown[] = Array.isArray(issues) ? issues : [];
  const issuePath: unknown = Object(first).path;
  return typeof issuePath === "string" ? issuePath : undefined;
}
