/** Milliseconds; 0 where nothing was measured. Over the latest 1,024. */
export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

/** Counts since this bus was connected, by this process; depths as they are now, of the whole bus. */
export interface BusMetrics {
  published: number;
  /** Handler runs that succeeded. */
  delivered: number;
  /** Attempts that failed. */
  failed: number;
  /** Failed attempts that will be tried again. */
  retried: number;
  deadLettered: number;
  expired: number;
  /** Publishes that the rate limit held up or refused. */
  rateLimited: number;
  /** Publishes of an id that was stored already. */
  duplicates: number;
  /** Handlers that run past their abort, now. */
  stuck: number;
  /** Subscribers of this process that a `throttle` without a key holds up, now. */
  throttled: number;
  /** Subscribers of this process that are not paused. */
  activeSubscriptions: number;
  /** Deliveries in handlers of this process, now. */
  running: number;
  /** Deliveries in this process that wait for the window of their batch, now. */
  batching: number;
  /** Deliveries waiting or delayed. */
  backlog: number;
  /** Milliseconds since the oldest delivery under way was accepted; 0 where there is none, and where it cannot be told (aws). */
  oldestAgeMs: number;
  /** From the call to its resolution. */
  publishMs: Percentiles;
  /** From acceptance, or `deliverAt` where that is later, to the start of the first attempt. */
  deliveryMs: Percentiles;
}

const kept = 1024;

/** The latest 1,024 samples; recording is one array write. */
export class Samples {
  readonly #values = new Float64Array(kept);
  #count = 0;

  record(value: number): void {
    this.#values[this.#count % kept] = value;
    this.#count += 1;
  }

  percentiles(): Percentiles {
    const sorted = this.#values.slice(0, Math.min(this.#count, kept)).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }
}

/** What a bus counts; the rest of {@link BusMetrics} is read when asked. */
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

  /** Back to nothing; what runs, is collected or held up now is still counted. */
  reset(): void {
    const { batching, running, stuck, throttled } = this;
    Object.assign(this, new Counters(), { batching, running, stuck, throttled });
  }
}
