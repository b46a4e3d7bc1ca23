import type { Bus } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import type { Event } from "../event/event.ts";
import type { Logger } from "../runtime/logger.ts";
import type { HandlerMiddleware } from "./middleware.ts";

/** What a handler receives besides the event. */
export interface HandlerContext<Events = RegisteredEvents> {
  /** 1 for the first. */
  readonly attempt: number;
  /** Milliseconds since 1970 at which the bus accepted the event, or queued its replay. */
  readonly acceptedAt: number;
  /** Aborted when the time of the attempt is up, or when the bus closes and its grace time is over: stop, and throw. */
  readonly signal: AbortSignal;
  /** Adds the event's id, type and flow, the subscription and the attempt. */
  readonly log: Logger;
  /** The bus. What it publishes records this event as its cause; so does what any other bus of the process publishes. */
  readonly bus: Bus<Events>;
  /** The name of the subscription; generated if it has none. */
  readonly subscription: string;
  /** Whether the delivery was redriven from the dead letters. */
  readonly redriven: boolean;
  /** Present where the handler gets the event in a batch: `Middleware.batch` runs around the whole of it. */
  readonly inBatch?: true;
}

/**
 * Handles one delivery. The attempt succeeds when the handler returns, or its promise resolves. If it throws, the delivery is
 * retried by the settings of the subscription: `RetryAfterError` sets the delay, `NonRetriableError` prevents the retry.
 */
export type Handler<E extends Event = Event, Events = RegisteredEvents> = (
  event: E,
  context: HandlerContext<Events>,
) => unknown;

/** The options of `subscribe`: what applies to this subscriber only, and is not part of the subscription. */
export interface SubscribeOptions<E extends Event = Event> {
  /** If it returns false, the delivery ends without a run. A pattern (`where`) is cheaper. */
  filter?: (event: E) => boolean;
  /** Middleware around this handler, inside that of the bus; the first is the outermost. */
  use?: readonly HandlerMiddleware[];
  /**
   * Whether this handler shares the work of its subscription with other handlers of this bus: each event goes to one of them.
   * Without it a name has one handler, which may be subscribed several times. Default false.
   */
  shared?: boolean;
  /** Delivers several events at once: see {@link BatchSubscribeOptions}. */
  batch?: never;
}
