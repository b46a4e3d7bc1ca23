/** Why a request is refused before a bus sees it, with the HTTP status of each. The list is closed, like that of `BusError`. */
export const refusalStatus = {
  /** There is no token, or it is unknown, expired or revoked. */
  unauthenticated: 401,
  /** The token, or the page that sends the request, may not do this. */
  forbidden: 403,
  /** The path exists, with another method. */
  method_not_allowed: 405,
  /** The body is larger than the server takes. */
  request_too_large: 413,
  /** The body has a media type, a character set or an encoding that is not understood. */
  unsupported_media_type: 415,
  /** The `Host` is not one of this server's names. */
  misdirected: 421,
} as const;

/** One of {@link refusalStatus}. */
export type RefusalCode = keyof typeof refusalStatus;

/** A request that is refused for what it is in HTTP, not for what it asks of the bus. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  readonly retryable = false;
  readonly details: Readonly<Record<string, unknown>>;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: RefusalCode,
    message: string,
    { details = {}, headers = {} }: { details?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.code = code;
    this.details = details;
    this.headers = headers;
  }

  toJSON() {
    const { code, message, retryable, details } = this;
    return { code, message, retryable, details };
  }
}
