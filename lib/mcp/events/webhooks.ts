import type { EventArguments } from "./protocol.ts";

/** The events of one type that a client wants at one address; with the client, they name the subscription. */
export interface EventTarget {
  readonly name: string;
  readonly arguments: EventArguments;
  readonly url: string;
}

/** What a client subscribes, or refreshes, with. */
export interface WantedWebhook extends EventTarget {
  /** Signs each message: the client's own. */
  readonly secret: string;
  /** Where a new subscription begins; undefined: now. */
  readonly cursor: string | undefined;
  readonly maxAgeMs: number | undefined;
  /** Milliseconds that the client asks for; null: for as long as may be. */
  readonly ttlMs: number | null | undefined;
}

/** A subscription that was made or refreshed. */
export interface SubscribedWebhook {
  readonly id: string;
  /** RFC 3339: it ends then, unless it is refreshed before. */
  readonly refreshBefore: string;
  readonly cursor: string;
  /** Whether events behind the client's cursor may be gone. */
  readonly truncated: boolean;
}

/** Pushes events to the clients that ask for it; those of one caller. */
export interface EventWebhooks {
  /** Rejects with {@link CallbackRefused}, {@link LimitReached}, or a BusError. */
  subscribe(wanted: WantedWebhook): Promise<SubscribedWebhook>;
  /** Does nothing where there is none. */
  unsubscribe(target: EventTarget): Promise<void>;
}

/** Why a receiver is not taken: the closed list of the extension. */
export type CallbackReason =
  | "connection_refused"
  | "timeout"
  | "tls_error"
  | "http_4xx"
  | "http_5xx"
  | "challenge_failed";

/** A receiver has not shown that it wants the events. */
export class CallbackRefused extends Error {
  readonly reason: CallbackReason;

  constructor(reason: CallbackReason) {
    super(`the endpoint was not verified (${reason}); it must answer the signed challenge with 2xx and the challenge`);
    this.reason = reason;
  }
}

/** A caller has as many as it may. */
export class LimitReached extends Error {
  readonly limit: string;
  readonly max: number;

  constructor(limit: string, max: number) {
    super(`there are ${max} ${limit} already; end one, or try again later`);
    this.limit = limit;
    this.max = max;
  }
}
