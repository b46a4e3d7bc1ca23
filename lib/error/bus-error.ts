import { messageOf } from "./message-of.ts";

/** Every way in which Waggle can refuse or fail. The list is closed: a new failure takes one of these codes. */
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

/** What a {@link BusError} carries besides its message. */
export interface BusErrorOptions {
  /** What was thrown underneath, kept as it was. */
  cause?: unknown;
  /** JSON-able facts about the failure: the path, the limit, what is still under way. */
  details?: Readonly<Record<string, unknown>>;
  /** Overrides what {@link BusError.retryable} is for this code. */
  retryable?: boolean;
}

/**
 * The one error class that Waggle throws. `message` names the thing, its value and the fix; `code` is for programs.
 */
export class BusError extends Error {
  override readonly name = "BusError";
  /** Which failure this is; switch on it, never on the message. */
  readonly code: BusErrorCode;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** JSON-able facts about the failure; empty where the message says it all. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: BusErrorCode, message: string, options: BusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? retryableCodes.has(code);
    this.details = options.details ?? {};
  }

  /** What crosses a wire or goes to `--json`; the cause stays behind. */
  toJSON(): { code: BusErrorCode; message: string; retryable: boolean; details: Readonly<Record<string, unknown>> } {
    return { code: this.code, message: this.message, retryable: this.retryable, details: this.details };
  }
}

/** Turns whatever was thrown into a {@link BusError}: one passes unchanged, anything else is wrapped as its cause. */
export function toBusError(thrown: unknown, code: BusErrorCode = "unavailable"): BusError {
  if (thrown instanceof BusError) return thrown;
  return new BusError(code, messageOf(thrown), { cause: thrown });
}
