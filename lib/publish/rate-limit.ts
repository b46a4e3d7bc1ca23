import type { Accepted, Engine, Entry } from "../engine/engine.ts";
import { BusError } from "../error/bus-error.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Counters } from "../runtime/metrics.ts";
import type { PublishLayer } from "./publisher.ts";

/** How fast this bus may publish, and what becomes of what is too fast. */
export interface RateLimit {
  /** Events a second; no limit where absent. */
  perSecond?: number;
  /** Events a minute; no limit where absent. */
  perMinute?: number;
  /** Events that may come at once; default: `perSecond`, or a sixtieth of `perMinute`. */
  burst?: number;
  /** `wait` (default) holds the publish up, `reject` fails it as `rate_limited`, `dead-letter` keeps it as a dead letter and fails it. */
  over?: "wait" | "reject" | "dead-letter";
}

interface RateLimitDependencies {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly engine: Engine;
}

/** A bucket that fills at a rate up to its size; a publish takes one token, and may take it on credit. */
class TokenBucket {
  readonly #perMs: number;
  readonly #size: number;
  #tokens: number;
  #filledAt: number;

  constructor(perMs: number, size: number, now: number) {
    this.#perMs = perMs;
    this.#size = size;
    this.#tokens = size;
    this.#filledAt = now;
  }

  /** Milliseconds until there is a token; 0 where there is one now. */
  waitMs(now: number): number {
    // A clock that goes back must not empty the bucket.
    this.#tokens = Math.min(this.#size, this.#tokens + Math.max(0, now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs);
  }

  take(): void {
    this.#tokens -= 1;
  }
}

/**
 * Holds up, refuses or sets aside what is published too fast. A handler's publishes never wait: they are let through,
 * counted, and paid back by those that come after.
 */
export function rateLimit(limit: RateLimit, host: RateLimitDependencies): PublishLayer {
  const { clock, counters, engine } = host;
  const { perSecond, perMinute, over = "wait" } = limit;
  const now = clock.now();
  const buckets: TokenBucket[] = [];
  if (perSecond !== undefined)
    buckets.push(new TokenBucket(perSecond / 1_000, limit.burst ?? Math.max(1, perSecond), now));
  if (perMinute !== undefined) {
    buckets.push(new TokenBucket(perMinute / 60_000, limit.burst ?? Math.max(1, perMinute / 60), now));
  }
  return (entry, next) => {
    const at = clock.now();
    const waitMs = Math.max(0, ...buckets.map((bucket) => bucket.waitMs(at)));
    if (waitMs > 0) counters.rateLimited += 1;
    if (waitMs === 0 || entry.inHandler || over === "wait") {
      for (const bucket of buckets) bucket.take();
      return waitMs === 0 || entry.inHandler ? next(entry) : later(clock, waitMs, () => next(entry));
    }
    const error = new BusError(
      "rate_limited",
      `${entry.event.type} was not published: over the rate limit (${describe(limit)}); try again in ${waitMs} ms`,
      { details: { retryAfterMs: waitMs } },
    );
    if (over === "reject") throw error;
    return deadLetter(engine, entry, error, at);
  };
}

function later(clock: Clock, ms: number, act: () => Accepted | Promise<Accepted>): Promise<Accepted> {
  return new Promise((resolve, reject) => {
    const run = async () => act();
    clock.setTimer(() => run().then(resolve, reject), ms, { keepAlive: true });
  });
}

async function deadLetter(engine: Engine, { event }: Entry, error: BusError, now: number): Promise<never> {
  const letter = await engine.addDeadLetter(event, {
    code: error.code,
    message: error.message,
    at: new Date(now).toISOString(),
    attempt: 0,
  });
  throw new BusError(error.code, `${error.message}; kept as dead letter ${letter.id}, redrive publishes it`, {
    details: { ...error.details, deadLetterId: letter.id },
  });
}

function describe({ perSecond, perMinute }: RateLimit): string {
  return [
    ...(perSecond === undefined ? [] : [`${perSecond} a second`]),
    ...(perMinute === undefined ? [] : [`${perMinute} a minute`]),
  ].join(", ");
}
