import * as z from "zod";
import type { DeadLetter } from "../engine/delivery.ts";
import { busClosed } from "../engine/errors.ts";
import type { Appended, Entry } from "../engine/event-log.ts";
import { BusError } from "../error/bus-error.ts";
import { readable } from "../error/readable.ts";
import { describeIssues } from "../event/issues.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Counters } from "../runtime/metrics.ts";
import { type BusMiddleware, busMiddleware, type PublishMiddleware } from "./middleware.ts";
import { TokenBucket } from "./token-bucket.ts";

/** How fast a bus may publish, and what happens above that. At least one of `perSecond` and `perMinute` is required. */
export interface RateLimit {
  /** Events per second, above 0. Default: no limit. */
  perSecond?: number;
  /** Events per minute, above 0. Default: no limit. */
  perMinute?: number;
  /** Events that may be published at once, an integer from 1. Default: `perSecond`, or a sixtieth of `perMinute`. */
  burst?: number;
  /** `wait` (default) delays the publish, `reject` fails it as `rate_limited`, `dead-letter` fails it and keeps it as a dead letter. */
  over?: "wait" | "reject" | "dead-letter";
}

/** What the middleware needs of its bus. */
export interface RateLimitContext {
  readonly clock: Clock;
  readonly counters: Pick<Counters, "rateLimited">;
  /** Fires when the bus closes: what is held then is refused. */
  readonly closing: AbortSignal;
  /** Keeps an event that is not published as a dead letter. */
  deadLetter(entry: Entry, error: BusError): Promise<DeadLetter>;
}

const schema = z
  .strictObject({
    perSecond: z.number().positive().optional(),
    perMinute: z.number().positive().optional(),
    burst: z.int().min(1).optional(),
    over: z.enum(["wait", "reject", "dead-letter"]).optional(),
  })
  .refine(
    ({ perSecond, perMinute }) => perSecond !== undefined || perMinute !== undefined,
    "must have perSecond, perMinute or both",
  );

/**
 * Middleware that delays, refuses or dead-letters what a bus publishes too fast: `connect({ use: [rateLimit({ perSecond: 100
 * })] })`. A publish in a handler never waits and is never refused: it counts, and later publishes make up for it. Throws
 * `invalid_config`.
 */
export function rateLimit(
  limit: RateLimit,
): ((context: RateLimitContext) => { readonly publish: PublishMiddleware }) & BusMiddleware {
  readable("rateLimit: the limit", () => checkLimit(limit));
  const { perSecond, perMinute, over = "wait" } = limit;
  return busMiddleware("rateLimit", ({ clock, counters, closing, deadLetter }: RateLimitContext) => {
    const now = clock.now();
    const buckets: TokenBucket[] = [];
    if (perSecond !== undefined)
      buckets.push(new TokenBucket(perSecond / 1_000, limit.burst ?? Math.max(1, perSecond), now));
    if (perMinute !== undefined) {
      buckets.push(new TokenBucket(perMinute / 60_000, limit.burst ?? Math.max(1, perMinute / 60), now));
    }
    const publish: PublishMiddleware = (entry, next) => {
      const at = clock.now();
      const waitMs = Math.max(0, ...buckets.map((bucket) => bucket.waitMs(at)));
      if (waitMs > 0) counters.rateLimited += 1;
      if (waitMs === 0 || entry.inHandler || over === "wait") {
        for (const bucket of buckets) bucket.take();
        return waitMs === 0 || entry.inHandler ? next(entry) : later({ clock, closing }, waitMs, () => next(entry));
      }
      const error = new BusError(
        "rate_limited",
        `${entry.event.type} was not published: over the rate limit (${describe(limit)}); try again in ${waitMs} ms`,
        { details: { retryAfterMs: waitMs } },
      );
      if (over === "reject") throw error;
      return setAside(deadLetter(entry, error), error);
    };
    return { publish };
  });
}

function checkLimit(limit: unknown): void {
  const parsed = schema.safeParse(limit);
  if (parsed.success) return;
  const [first] = describeIssues(parsed.error, limit, "");
  const subject = first === undefined || first.path === "" ? "the limit" : first.path;
  throw new BusError("invalid_config", `rateLimit: ${subject} ${first?.problem}`, { cause: parsed.error });
}

/** Acts after a time, or never: rejects with `closed` as soon as the bus closes. */
function later(
  { clock, closing }: Pick<RateLimitContext, "clock" | "closing">,
  ms: number,
  act: () => Appended | Promise<Appended>,
): Promise<Appended> {
  if (closing.aborted) return Promise.reject(busClosed());
  return new Promise((resolve, reject) => {
    const run = async () => act();
    const refuse = () => {
      clock.clearTimer(timer);
      reject(busClosed());
    };
    const due = () => {
      closing.removeEventListener("abort", refuse);
      run().then(resolve, reject);
    };
    const timer = clock.setTimer(due, ms, { keepAlive: true });
    closing.addEventListener("abort", refuse, { once: true });
  });
}

async function setAside(kept: Promise<DeadLetter>, error: BusError): Promise<never> {
  const { id } = await kept;
  throw new BusError(error.code, `${error.message}; kept as dead letter ${id}, redrive publishes it`, {
    details: { ...error.details, deadLetterId: id },
  });
}

function describe({ perSecond, perMinute }: RateLimit): string {
  return [
    ...(perSecond === undefined ? [] : [`${perSecond} a second`]),
    ...(perMinute === undefined ? [] : [`${perMinute} a minute`]),
  ].join(", ");
}
