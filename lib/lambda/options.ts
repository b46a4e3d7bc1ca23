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

/** When {@link watchFlows} raises an alert. */
export interface WatchOptions extends FunctionOptions {
  /** A flow is slow once an event of it is recorded later than this after its first. Default 10 s. */
  readonly slowFlow?: string | number;
  /** A type spikes where a minute has more than `factor` times its usual count and more than `over`. Default 3 and 10. */
  readonly spike?: {
    /** Times the usual count. Default 3. */
    readonly factor?: number;
    /** Events in a minute. Default 10. */
    readonly over?: number;
  };
  /** Who publishes the alerts; default `watch-flows`. */
  readonly source?: string;
}
