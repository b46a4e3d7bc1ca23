import type { EndedSample } from "../engine/delivery.ts";
import type { Engine } from "../engine/engine.ts";
import type { Clock } from "../runtime/clock.ts";

/** Deliveries that rates are computed from at most: the last ones. */
export const mostSamples = 10_000;
/** Milliseconds that rates look back. */
const windowMs = 300_000;
/** Milliseconds for which an answer is given again. */
const freshMs = 1_000;

/** Percentiles of durations, in milliseconds. */
export interface Quantiles {
  /** Half of the values are at most this. */
  readonly p50: number;
  /** 95 % of the values are at most this. */
  readonly p95: number;
}

/** How fast a subscription's deliveries end, and how. */
export interface SubscriptionRates {
  /** Deliveries a minute that ended, handled. */
  readonly handledPerMinute: number;
  /** Failed attempts a minute, of deliveries that ended: what is still retried is not counted yet. */
  readonly failedPerMinute: number;
  /** Deliveries a minute that became dead letters. */
  readonly deadPerMinute: number;
  /** How long the handler ran in the last attempt; absent where none ran. */
  readonly runMs?: Quantiles;
  /** From acceptance, or the start of the replay or redrive, to the end, without that run: waiting and earlier attempts. */
  readonly waitMs?: Quantiles;
}

/** The rates of all subscriptions of which a delivery ended. */
export interface Rates {
  /** Milliseconds up to now that they are of: 5 minutes, less where more than 10,000 deliveries ended in these. */
  readonly overMs: number;
  /** By the name of the subscription. */
  readonly subscriptions: ReadonlyMap<string, SubscriptionRates>;
}

/** Computes rates from how deliveries ended, at a bounded cost: from the last ones, and not more often than once a second. */
export class RateReader {
  readonly #clock: Clock;
  #last: { readonly at: number; readonly rates: Promise<Rates | undefined> } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `undefined` where the engine does not record how deliveries end, or this client may not read it. */
  read({ deliveries }: Pick<Engine, "deliveries">): Promise<Rates | undefined> {
    const now = this.#clock.now();
    if (this.#last !== undefined && Math.abs(now - this.#last.at) < freshMs) return this.#last.rates;
    const rates = Promise.resolve(deliveries.recentlyEnded?.(now - windowMs, mostSamples)).then((samples) =>
      samples === undefined ? undefined : ratesOf(samples, now),
    );
    this.#last = { at: now, rates };
    rates.catch(() => {
      this.#last = undefined;
    });
    return rates;
  }
}

/** The rates as of `now`, of all deliveries that ended within the window, or of the last {@link mostSamples} of them. */
export function ratesOf(samples: readonly EndedSample[], now: number): Rates {
  const oldest = samples.reduce((first, { endedAt }) => Math.min(first, endedAt), now);
  // Where there were more, they are of a shorter time; a burst of one millisecond is no rate.
  const overMs = samples.length < mostSamples ? windowMs : Math.max(1_000, now - oldest);
  const perMinute = (count: number) => (count * 60_000) / overMs;
  const subscriptions = new Map<string, SubscriptionRates>();
  for (const [name, ended] of Map.groupBy(samples, ({ subscription }) => subscription)) {
    const handled = ended.filter(({ outcome }) => outcome === "done");
    const runMs = quantiles(ended.flatMap((one) => one.ranMs ?? []));
    const waitMs = quantiles(handled.map(({ ranMs = 0, totalMs }) => Math.max(0, totalMs - ranMs)));
    subscriptions.set(name, {
      handledPerMinute: perMinute(handled.length),
      failedPerMinute: perMinute(ended.reduce((sum, { failures }) => sum + failures, 0)),
      deadPerMinute: perMinute(ended.filter(({ outcome }) => outcome === "dead").length),
      ...(runMs === undefined ? {} : { runMs }),
      ...(waitMs === undefined ? {} : { waitMs }),
    });
  }
  return { overMs, subscriptions };
}

function quantiles(values: readonly number[]): Quantiles | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}
