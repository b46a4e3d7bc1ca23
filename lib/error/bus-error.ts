import { messageOf } from "./message-of.ts";
import { withoutPasswords } from "./without-passwords.ts";

/**
 * Every code of a {@link BusError} or a failed attempt, except those that engines define. The list is closed: a new kind of
 * failure uses one of these codes.
 */
export const busErrorCodes = [
  "invalid_event",
  "unknown_type",
  "event_too_large",
  "invalid_pattern",
  "invalid_config",
  "rate_limited",
  "circuit_open",
  "loop_detected",
  "throttled",
  "unavailable",
  "not_found",
  "conflict",
  "timeout",
  "aborted",
  "closed",
  "handler_error",
  "non_retriable",
  "process_ended",
  "overflow",
] as const;

/** A code that an engine defines for itself, such as `engine:postgres_serialization`. */
export type EngineErrorCode = `engine:${string}`;

/** One of {@link busErrorCodes}, or a code of the engine's own. */
export type BusErrorCode = (typeof busErrorCodes)[number] | EngineErrorCode;

const enginePrefix = "engine:";
const knownCodes: ReadonlySet<string> = new Set(busErrorCodes);

/** Whether a text is a code: one of {@link busErrorCodes}, or `engine:` and at least one more character. */
export function isBusErrorCode(text: string): text is BusErrorCode {
  if (typeof text !== "string") return false;
  return knownCodes.has(text) || (text.startsWith(enginePrefix) && text.length > enginePrefix.length);
}

/**
 * The code that a stored row or a message names. One that this version does not know, since a newer one wrote it, reads as
 * `engine:` and its name, so that a dead letter can always be read.
 */
export function readErrorCode(text: string): BusErrorCode {
  return isBusErrorCode(text) ? text : `${enginePrefix}${text}`;
}

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
  /** The name of the class. */
  override readonly name = "BusError";
  /** The kind of failure. Switch on it, never on the message. */
  readonly code: BusErrorCode;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** Facts about the failure as JSON values; empty if the message has them all. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: BusErrorCode, message: string, options: BusErrorOptions = {}) {
    super(withoutPasswords(message), options.cause === undefined ? undefined : { cause: options.cause });
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
