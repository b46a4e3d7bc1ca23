import type { CircuitBreakerPolicy } from "cockatiel";
import * as z from "zod";
import {
  circuitBreakerCallFailed,
  circuitBreakerCallRejected,
  circuitBreakerStateChanged,
} from "../catalog/circuit-breaker.ts";
import { runContext } from "../delivery/run-context.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import { lazy } from "../event/lazy.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import { loadOptional } from "../runtime/optional-package.ts";
import { type AnyBus, type OpenBus, openBus } from "./dependencies.ts";

/** When a circuit opens, and for how long. */
export interface CircuitBreakerOptions {
  /** It opens where a greater part of the calls has failed or was slow: above 0 and below 1. Default 0.5. */
  readonly failureRate?: number;
  /** The time over which calls are counted. Default 30 s. */
  readonly window?: Duration;
  /** Calls in the window below which it stays closed. Default 5. */
  readonly minCalls?: number;
  /** A call that takes longer counts as failed, though its result is given. Default: none does. */
  readonly slow?: Duration;
  /** How long it stays open before one call may try. Default 10 s. */
  readonly openFor?: Duration;
}

/** How one call is made. */
export interface GuardedCallOptions<Result> {
  /** Gives a result where the call is rejected or fails; is told why. */
  readonly fallback?: (error: unknown) => Result | Promise<Result>;
}

/** A circuit breaker around a service, such as a model, in this process. */
export interface CircuitBreaker {
  /** As given. */
  readonly service: string;
  /** As of now. One that has been open for its time is still `open` until a call tries. */
  readonly state: CircuitState;
  /** Calls that were made, that failed or were slow, and that were rejected. */
  readonly counts: Readonly<Record<"calls" | "failed" | "slow" | "rejected", number>>;
  /**
   * Makes a call where the circuit is closed, or half-open and this is its one try. Otherwise rejects with `circuit_open`, or
   * gives the fallback.
   */
  call<Result>(call: () => Promise<Result>, options?: GuardedCallOptions<Result>): Promise<Result>;
}

/** `half-open`: one call may try, and decides. */
export type CircuitState = "closed" | "open" | "half-open";

const schema = lazy(() =>
  z.strictObject({
    failureRate: z.number().positive().lt(1).default(0.5),
    window: z.unknown().default("30s"),
    minCalls: z.int().min(1).default(5),
    slow: z.unknown().exactOptional(),
    openFor: z.unknown().default("10s"),
  }),
);

/**
 * Makes a circuit breaker by `cockatiel`, an optional peer of this entry. It publishes `circuit_breaker.state.changed`,
 * `circuit_breaker.call.failed` and `circuit_breaker.call.rejected`; a publish that fails goes to `onError` and affects no
 * call. Rejects with `invalid_config` for a wrong option, and where `cockatiel` is not installed.
 */
export async function openCircuitBreaker(
  bus: AnyBus,
  service: string,
  options: CircuitBreakerOptions = {},
): Promise<CircuitBreaker> {
  const open = openBus("openCircuitBreaker", bus);
  const given = parseCallOptions("openCircuitBreaker", schema(), options);
  const windowMs = parseDuration(given.window, "openCircuitBreaker: window", { min: 1_000 });
  const slowMs =
    given.slow === undefined ? Number.POSITIVE_INFINITY : parseDuration(given.slow, "openCircuitBreaker: slow");
  const halfOpenAfter = parseDuration(given.openFor, "openCircuitBreaker: openFor");
  const { SamplingBreaker, circuitBreaker, handleAll } = await loadOptional(
    () => import("cockatiel"),
    "openCircuitBreaker",
    "cockatiel",
  );
  const breaker = new SamplingBreaker({
    threshold: given.failureRate,
    duration: windowMs,
    // It asks for more than so many calls a second.
    minimumRps: (given.minCalls - 0.5) / (windowMs / 1_000),
  });
  const policy = circuitBreaker(
    handleAll.orWhenResult((result) => result instanceof Timed && result.ms > slowMs),
    { breaker, halfOpenAfter },
  );
  return new ServiceBreaker(open, service, policy, slowMs);
}

/** A result, and how long it took. */
class Timed<Result> {
  readonly result: Result;
  readonly ms: number;
  constructor(result: Result, ms: number) {
    this.result = result;
    this.ms = ms;
  }
}

/** By the numbers of cockatiel; a circuit is never isolated by hand here. */
const states = ["closed", "open", "half-open", "open"] as const;

class ServiceBreaker implements CircuitBreaker {
  readonly service: string;
  readonly counts = { calls: 0, failed: 0, slow: 0, rejected: 0 };
  readonly #open: OpenBus;
  readonly #policy: CircuitBreakerPolicy;
  readonly #slowMs: number;
  #last: CircuitState = "closed";

  constructor(open: OpenBus, service: string, policy: CircuitBreakerPolicy, slowMs: number) {
    this.#open = open;
    this.service = service;
    this.#policy = policy;
    this.#slowMs = slowMs;
    policy.onStateChange((state) => {
      const to = states[state];
      const from = this.#last;
      this.#last = to;
      this.#tell(circuitBreakerStateChanged.type, { from, to });
    });
  }

  get state(): CircuitState {
    return states[this.#policy.state];
  }

  async call<Result>(call: () => Promise<Result>, { fallback }: GuardedCallOptions<Result> = {}): Promise<Result> {
    try {
      const { result, ms } = await this.#policy.execute(() => this.#timed(call));
      if (ms > this.#slowMs) {
        this.counts.slow += 1;
        this.#tell(circuitBreakerCallFailed.type, { error: `took ${ms} ms` });
      }
      return result;
    } catch (thrown) {
      const error = this.#refused(thrown);
      if (fallback === undefined) throw error;
      return fallback(error);
    }
  }

  async #timed<Result>(call: () => Promise<Result>): Promise<Timed<Result>> {
    this.counts.calls += 1;
    const startedAt = this.#open.clock.now();
    return new Timed(await call(), this.#open.clock.now() - startedAt);
  }

  #refused(thrown: unknown): unknown {
    if (!(thrown instanceof Object && "isBrokenCircuitError" in thrown)) {
      this.counts.failed += 1;
      this.#tell(circuitBreakerCallFailed.type, { error: messageOf(thrown) });
      return thrown;
    }
    this.counts.rejected += 1;
    this.#tell(circuitBreakerCallRejected.type, {});
    return new BusError(
      "circuit_open",
      `calls of ${this.service} are rejected, since too many failed; try again later`,
      {
        cause: thrown,
        details: { service: this.service, state: this.state },
      },
    );
  }

  /** Aside: what a call gives must not depend on it. */
  #tell(type: string, data: Record<string, unknown>): void {
    const causationId = runContext.getStore()?.event.id;
    const correlationId = runContext.getStore()?.event.metadata.correlationId;
    const metadata = causationId === undefined || correlationId === undefined ? {} : { causationId, correlationId };
    const publish = () => this.#open.bus.publish({ type, data: { service: this.service, ...data }, metadata });
    runContext.exit(publish).catch((thrown: unknown) => this.#open.onError(toBusError(thrown)));
  }
}
