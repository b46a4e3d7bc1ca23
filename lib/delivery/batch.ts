import * as z from "zod";
import type { Bus } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import type { Event } from "../event/event.ts";
import { lazy } from "../event/lazy.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import type { Logger } from "../runtime/logger.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import type { SubscribeOptions } from "./handler.ts";
import type { BatchMiddleware, HandlerMiddleware } from "./middleware.ts";

/** How deliveries are collected into batches. */
export interface BatchOptions {
  /** Maximum number of events in a batch: 1 to 1,000, and not more than the subscription's `concurrency`. */
  size: number;
  /** How long the first event waits for others, at most 1 h. Default 0: for what is delivered in the same turn. */
  window?: Duration;
}

/** How an event of a batch is delivered. */
export interface BatchDelivery {
  /** 1 for the first. */
  readonly attempt: number;
  /** Whether it was redriven from the dead letters. */
  readonly redriven: boolean;
  /** Milliseconds since 1970 at which the bus accepted the event, or queued its replay. */
  readonly acceptedAt: number;
}

/** What a batch handler receives besides the events. */
export interface BatchContext<E extends Event = Event, Events = RegisteredEvents> {
  /** Aborted when the time of the batch is up, or when the bus closes and its grace time is over: stop, and throw. */
  readonly signal: AbortSignal;
  /** Adds the subscription, the number of events and the id of the first one. */
  readonly log: Logger;
  /** The bus. A publish records the first event of the batch as its cause; see {@link causedBy}. */
  readonly bus: Bus<Events>;
  /** The name of the subscription; generated if it has none. */
  readonly subscription: string;
  /**
   * Fails one event, as if a handler of that event alone had thrown the error; `RetryAfterError` and `NonRetriableError`
   * work too. The other events succeed when the handler returns. A second call for an event replaces its error. Throws
   * `invalid_config` if the event is not in this batch.
   */
  fail(event: E, error: unknown): void;
  /**
   * Calls a function and returns its result. What the function publishes, with any bus, records this event as its cause and
   * may have a `dedupe` key. Throws `invalid_config` if the event is not in this batch.
   */
  causedBy<Result>(event: E, work: () => Result): Result;
  /** How one event is delivered. Throws `invalid_config` if the event is not in this batch. */
  delivery(event: E): BatchDelivery;
}

/**
 * Handles several deliveries in one run. When it returns, or its promise resolves, all of them succeed except those passed to
 * `context.fail`. If it throws, they all fail. Each failed one is retried by its own attempts.
 */
export type BatchHandler<E extends Event = Event, Events = RegisteredEvents> = (
  events: readonly E[],
  context: BatchContext<E, Events>,
) => unknown;

/** The options of `subscribe` for a handler that receives batches. */
export interface BatchSubscribeOptions<E extends Event = Event> extends Omit<SubscribeOptions<E>, "batch"> {
  /** How many events a batch has, and how long it waits for them. */
  batch: BatchOptions;
}

/** Batch options that were checked. */
export interface BatchSettings {
  readonly size: number;
  readonly windowMs: number;
}

/** What a batch is made and run with. */
export interface BatchHandlerSettings extends BatchSettings {
  /** Runs around each event of a batch; the first is the outermost. */
  readonly middleware: readonly HandlerMiddleware[];
  /** Runs around each call of the handler; the first is the outermost. */
  readonly around?: readonly BatchMiddleware[];
}

const longestWindowMs = 3_600_000;
const sizeSchema = lazy(() => z.int().min(1).max(1_000));

/** Reads batch options for a subscription. `invalid_config`. */
export function batchSettings(batch: unknown, { name, concurrency }: SubscriptionRecord): BatchSettings {
  checkCallOptions("subscribe: batch", batch, ["size", "window"]);
  const { size, window = 0 } = Object(batch);
  const parsed = sizeSchema().safeParse(size);
  if (!parsed.success) {
    throw new BusError("invalid_config", `subscribe: batch.size ${mustBe("an integer from 1 to 1000", size)}`);
  }
  if (parsed.data > concurrency) {
    throw new BusError(
      "invalid_config",
      `subscribe: batch.size must be at most the concurrency of subscription ${name}, which is ${concurrency}, not ${parsed.data}; increase \`concurrency\` or reduce \`size\``,
    );
  }
  return { size: parsed.data, windowMs: parseDuration(window, "subscribe: batch.window", { max: longestWindowMs }) };
}
