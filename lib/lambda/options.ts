import type { AlertRule } from "../alerts/rules/rules.ts";
import type { Middleware } from "../bus/middleware.ts";
import type { HandlerMiddleware } from "../delivery/middleware.ts";
import type { Catalog } from "../event/catalog.ts";
import type { BusMiddleware } from "../publish/middleware.ts";

/** Options of every function. */
export interface FunctionOptions<Events = unknown> {
  /** Which events there are; default: the standard catalog. */
  readonly catalog?: Catalog<Events>;
}

/** Options of {@link defineHandler}. */
export interface HandlerOptions<Events = unknown> extends FunctionOptions<Events> {
  /** Who publishes what the handler publishes without a source; default: the subscription's name. */
  readonly source?: string;
  /**
   * Run around the handler; the first is the outermost. A function runs around the handler; an object's `handle` too, and its
   * `publish` around every publish of the function's bus, as do `rateLimit`, `loopGuard` and `coalesce`.
   */
  readonly use?: readonly (HandlerMiddleware | Middleware | BusMiddleware)[];
  /** A function handles one event at a time, however many messages it was invoked with. */
  readonly batch?: never;
}

/** Options of {@link relayOutbox}. */
export interface RelayOutboxOptions {
  /** What the outbox is called in metrics. Default `outbox`. */
  readonly outbox?: string;
}

/** What {@link watchFlows} watches. */
export interface WatchOptions extends FunctionOptions {
  /**
   * The rules, as in `waggle.config.ts`: docs/local/alerts.md. All kinds but `backlog`. Default: `slow-flow` and `rate-spike` with
   * their defaults.
   */
  readonly rules?: readonly AlertRule[];
  /** Who publishes the alerts; default `watch-flows`. */
  readonly source?: string;
}

/** Where {@link alertWebhook} sends alerts. */
export interface AlertWebhookOptions {
  /** The URL of the receiver. */
  readonly webhook: string;
  /** The name of the SSM parameter, a `SecureString`, that holds the secret: `whsec_` and 24 to 64 bytes as base64. */
  readonly secretParameter: string;
  /** Names its subscription, `alert-<name>`. Default `webhook`. */
  readonly name?: string;
}
