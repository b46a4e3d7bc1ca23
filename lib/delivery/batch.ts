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
import type { HandlerMiddleware } from "./middleware.ts";

/** How deliveries are collected for a handler that takes several at once. */
export interface BatchOptions {
  /** The most events of one batch: 1 to 1,000, and no more than the subscription's `concurrency`. */
  size: number;
  /** How long the first of a batch may wait for others. Default 0: only for what is handed over with it. At most 1 hour. */
  window?: Duration;
}

/** How an event of a batch is delivered. */
export interface BatchDelivery {
  /** 1 for the first. */
  readonly attempt: number;
  /** Whether it was redriven from the dead letters. */
  readonly redriven: boolean;
}

/** What a batch handler gets besides the events. */
export interface BatchContext<E extends Event = Event, Events = RegisteredEvents> {
  /** Aborted when the batch's time is up or the bus closes: stop, and throw. */
  readonly signal: AbortSignal;
  /** Writes with the subscription and the number of events. */
  readonly log: Logger;
  /** What it publishes carries the first event of the batch as its cause, unless {@link causedBy} names another. */
  readonly bus: Bus<Events>;
  readonly subscription: string;
  /**
   * Fails one event of the batch, as if a handler of it alone had thrown the error: `RetryAfterError` and
   * `NonRetriableError` count. The others succeed when the handler returns. Said twice, the last error counts.
   * `invalid_config` where the event is not of this batch.
   */
  fail(event: E, error: unknown): void;
  /**
   * Calls a function in which whatever is published, by any bus, carries this event of the batch as its cause, and may have
   * a `dedupe` key. Gives what the function gives. `invalid_config` where the event is not of this batch.
   */
  causedBy<Result>(event: E, work: () => Result): Result;
  /** The attempt at one event of the batch. `invalid_config` where it is not of this batch. */
  delivery(event: E): BatchDelivery;
}

/**
 * Handles several deliveries in one run. All succeed when it returns or its promise resolves, but for those that
 * `context.fail` has named; what it throws fails all, and each is retried by its own attempts.
 */
export type BatchHandler<E extends Event = Event, Events = RegisteredEvents> = (
  events: readonly E[],
  context: BatchContext<E, Events>,
) => unknown;

/** What concerns one consumer only, for a handler that takes batches. */
export interface BatchSubscribeOptions<E extends Event = Event> extends Omit<SubscribeOptions<E>, "batch"> {
  batch: BatchOptions;
}

/** Batch options that were checked. */
export interface BatchSettings {
  readonly size: number;
  readonly windowMs: number;
}

/** What a batch is made and run with. */
export interface BatchParts extends BatchSettings {
  /** Runs around each event of a batch; the first is the outermost. */
  readonly middleware: readonly HandlerMiddleware[];
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
