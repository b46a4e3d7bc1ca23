import { messageOf } from "./message-of.ts";

/** Every code that a {@link BusError} can have. The list is closed: a new kind of failure uses one of these codes. */
export const busErrorCodes = [
  "invalid_event",
  "unknown_type",
  "event_too_large",
  "invalid_pattern",
  "invalid_config",
  "rate_limited",
  "circuit_open",
  "throttled",
  "unavailable",
  "not_found",
  "conflict",
  "timeout",
  "aborted",
  "closed",
] as const;

/** One of {@link busErrorCodes}. */
export type BusErrorCode = (typeof busErrorCodes)[number];

/** The codes for which the same call may succeed later, unchanged. */
const retryableCodes: ReadonlySet<BusErrorCode> = new Set([
  "rate_limited",
  "circuit_open",
  "throttled",
  "unavailable",
  "timeout",
]);

/** Options of the {@link BusError} constructor. */
export interface BusErrorOptions {
  /** The underlying error or thrown value. */
  cause?: unknown;
  /** Facts about the failure as JSON values: the path, the limit, the deliveries still pending. */
  details?: Readonly<Record<string, unknown>>;
  /** Overrides the default of {@link BusError.retryable} for this code. */
  retryable?: boolean;
}

/** The one error class that Waggle throws. `message` names the thing, its value and the fix; `code` is for programs. */
export class BusError extends Error {
  override readonly name = "BusError";
  /** The kind of failure. Switch on it, never on the message. */
  readonly code: BusErrorCode;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** Facts about the failure as JSON values; empty if the message has them all. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: BusErrorCode, message: string, options: BusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? retryableCodes.has(code);
    this.details = options.details ?? {};
  }

  /** Returns the fields that may be sent to another process or printed as JSON. The cause is not among them. */
  toJSON(): { code: BusErrorCode; message: string; retryable: boolean; details: Readonly<Record<string, unknown>> } {
    return { code: this.code, message: this.message, retryable: this.retryable, details: this.details };
  }
}

/** Converts a thrown value to a {@link BusError}. A BusError is returned unchanged; anything else becomes the cause of one. */
export function toBusError(thrown: unknown, code: BusErrorCode = "unavailable"): BusError {
  if (thrown instanceof BusError) return thrown;
  return new BusError(code, messageOf(thrown), { cause: thrown });
}
