/** Percentiles of the latest 1,024 samples in milliseconds; 0 if there are none. */
export interface Percentiles {
  /** Half of the samples are at most this. */
  p50: number;
  /** 95 % of the samples are at most this. */
  p95: number;
  /** 99 % of the samples are at most this. */
  p99: number;
}

/** How long handlers of one subscription have run. */
export interface HandlingTimes {
  /** Runs, failed ones included. */
  readonly count: number;
  /** Milliseconds of all of them. */
  readonly sumMs: number;
  /** Runs that took at most as long as each of {@link handlingBoundsMs}, in the same order. */
  readonly atMost: readonly number[];
}

/** Counts of this process since the bus was connected, and the current depths of the whole bus. */
export interface BusMetrics {
  /** Events that this bus published, duplicates not counted. */
  published: number;
  /** Handler runs that succeeded. */
  delivered: number;
  /** Attempts that failed. */
  failed: number;
  /** Failed attempts that will be retried. */
  retried: number;
  /** Deliveries that became dead letters. */
  deadLettered: number;
  /** Deliveries that had expired, and were not handled. */
  expired: number;
  /** Publishes that the rate limit delayed or refused. */
  rateLimited: number;
  /** Publishes of an id that was already stored. */
  duplicates: number;
  /** Handlers that are still running after their abort. */
  stuck: number;
  /** Subscribers of this process that take no deliveries now, because a `throttle` without a key is full. */
  throttled: number;
  /** Subscribers of this process that are not paused. */
  activeSubscriptions: number;
  /** Deliveries whose handlers are running in this process. */
  running: number;
  /** Deliveries in this process that are waiting for the window of their batch. */
  batching: number;
  /** Deliveries that are waiting or delayed. */
  backlog: number;
  /** Milliseconds since the oldest pending delivery was accepted; 0 if there is none, or if it is not known (aws). */
  oldestAgeMs: number;
  /** The time from the call to its resolution. */
  publishMs: Percentiles;
  /** The time from acceptance, or from `deliverAt` if that is later, to the start of the first attempt. */
  deliveryMs: Percentiles;
  /** How long handlers of this process have run, by subscription: of the first 200 named ones; all others are together under `""`. */
  handling: Readonly<Record<string, HandlingTimes>>;
}

const maxSamples = 1024;

/** The latest 1,024 samples. Recording one is a single array write. */
export class Samples {
  readonly #values = new Float64Array(maxSamples);
  #count = 0;

  record(value: number): void {
    this.#values[this.#count % maxSamples] = value;
    this.#count += 1;
  }

  percentiles(): Percentiles {
    const sorted = this.#values.slice(0, Math.min(this.#count, maxSamples)).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }
}

/** The bounds of {@link HandlingTimes}, in milliseconds: those of a quick handler up to the longest run of a model. */
export const handlingBoundsMs = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000];

/** How long handlers have run. Recording one is two additions and a search among 14 bounds. */
export class HandlingHistogram {
  readonly #counts = new Float64Array(handlingBoundsMs.length + 1);
  #sumMs = 0;

  record(ms: number): void {
    this.#sumMs += ms;
    let at = 0;
    while (ms > (handlingBoundsMs[at] ?? Number.POSITIVE_INFINITY)) at += 1;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  times(): HandlingTimes {
    let count = 0;
    const sums = Array.from(this.#counts, (own) => {
      count += own;
      return count;
    });
    return { count, sumMs: this.#sumMs, atMost: sums.slice(0, -1) };
  }
}

/** Subscriptions that are told apart. */
const mostSubscriptions = 200;

/** The histograms of a process: as many as there may be names of subscriptions, and one for all others. */
export class Handling {
  readonly #bySubscription = new Map<string, HandlingHistogram>();

  /** Of a subscription; `""`: of one with a generated name, which would never come again. */
  of(subscription: string): HandlingHistogram {
    const known = this.#bySubscription.get(subscription);
    if (known !== undefined) return known;
    const own = this.#bySubscription.size < mostSubscriptions ? subscription : "";
    const histogram = this.#bySubscription.get(own) ?? new HandlingHistogram();
    this.#bySubscription.set(own, histogram);
    return histogram;
  }

  times(): Record<string, HandlingTimes> {
    const all = [...this.#bySubscription].map(([name, histogram]) => [name, histogram.times()] as const);
    return Object.fromEntries(all.filter(([, { count }]) => count > 0));
  }
}

/** The counters of a bus. The rest of {@link BusMetrics} is read on request. */
export class Counters {
  published = 0;
  delivered = 0;
  failed = 0;
  retried = 0;
  deadLettered = 0;
  expired = 0;
  rateLimited = 0;
  duplicates = 0;
  stuck = 0;
  running = 0;
  batching = 0;
  throttled = 0;
  readonly publishMs = new Samples();
  readonly deliveryMs = new Samples();
  readonly handling = new Handling();

  /** Sets all counts to 0, except those of what is running, collected for a batch or throttled now. */
  reset(): void {
    const { batching, running, stuck, throttled } = this;
    Object.assign(this, new Counters(), { batching, running, stuck, throttled });
  }
}
