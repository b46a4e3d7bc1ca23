import type { Bus } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import type { Event } from "../event/event.ts";
import type { Logger } from "../runtime/logger.ts";
import type { HandlerMiddleware } from "./middleware.ts";

/** What a handler gets besides the event. */
export interface HandlerContext<Events = RegisteredEvents> {
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborted when the attempt's time is up or the bus closes: stop, and throw. */
  readonly signal: AbortSignal;
  /** Writes with the event's id, type and flow. */
  readonly log: Logger;
  /** What it publishes carries this event as its cause. */
  readonly bus: Bus<Events>;
  readonly subscription: string;
  /** Whether the delivery was redriven from the dead letters. */
  readonly redriven: boolean;
}

/**
 * Handles one delivery. It succeeds when it returns or its promise resolves; what it throws is retried, unless it throws
 * `NonRetriableError`; `RetryAfterError` says when.
 */
export type Handler<E extends Event = Event, Events = RegisteredEvents> = (
  event: E,
  context: HandlerContext<Events>,
) => unknown;

/** What concerns one consumer only, and is not part of the subscription. */
export interface SubscribeOptions<E extends Event = Event> {
  /** Deliveries for which it gives false end without a run. A pattern (`where`) is cheaper. */
  filter?: (event: E) => boolean;
  /** Run around this handler, inside those of the bus; the first is the outermost. */
  use?: readonly HandlerMiddleware[];
  /** For a handler that takes several events at once: see `BatchSubscribeOptions`. */
  batch?: never;
}
