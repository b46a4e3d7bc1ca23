import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Counters } from "../runtime/metrics.ts";

/** What a watch tells of, and by whose time. */
export interface DeadlineMonitorDependencies {
  readonly clock: Clock;
  readonly counters: Counters;
  onError(error: BusError): void;
}

/** What a watch sees of a run. */
export interface MonitoredRun {
  readonly subscription: string;
  readonly event: Event;
  /** How many events it handles, `event` being the first; absent where it handles one. */
  readonly size?: number;
  /** Milliseconds since 1970: when it began, and when its time is up. */
  readonly startedAt: number;
  readonly deadline: number;
  /** Whether it ran past its abort and was reported. */
  stuck: boolean;
  readonly log: Logger;
  abort(reason: BusError): void;
}

/** A handler that ends within this time after its abort is not reported as stuck. */
const abortGraceMs = 1_000;

/** Watches the runs of one subscription by one timer: warns of slow ones, aborts those whose time is up, reports the stuck. */
export class DeadlineMonitor {
  readonly #host: DeadlineMonitorDependencies;
  readonly #runs: Iterable<MonitoredRun>;
  #timer: { at: number; timer: Timer } | undefined;
  /** A subscription is warned of once. */
  #warnedSlow = false;

  /** `runs`: those under way, whenever it looks. */
  constructor(host: DeadlineMonitorDependencies, runs: Iterable<MonitoredRun>) {
    this.#host = host;
    this.#runs = runs;
  }

  /** Sees to it that this run is looked at in time. Runs of one subscription mostly end in the order they began. */
  begin(run: MonitoredRun): void {
    const first = this.#warnedSlow ? run.deadline : slowAt(run);
    if (this.#timer !== undefined && this.#timer.at <= first) return;
    this.stop();
    this.#lookAt(first, this.#host.clock.now());
  }

  stop(): void {
    if (this.#timer !== undefined) this.#host.clock.clearTimer(this.#timer.timer);
    this.#timer = undefined;
  }

  /**
   * A handler has returned: one that blocked the event loop past its deadline has failed too, though no timer could fire.
   */
  returned(run: MonitoredRun, now: number): void {
    if (now > run.deadline) this.#abort(run);
  }

  #lookAt(at: number, now: number): void {
    this.#timer = { at, timer: this.#host.clock.setTimer(() => this.#look(), Math.max(0, at - now)) };
  }

  #look(): void {
    this.#timer = undefined;
    const now = this.#host.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const run of this.#runs) {
      if (now >= run.deadline) this.#late(run, now);
      else if (now >= slowAt(run)) this.#slow(run);
      next = Math.min(next, this.#nextLook(run, now));
    }
    if (next < Number.POSITIVE_INFINITY) this.#lookAt(next, now);
  }

  #slow(run: MonitoredRun): void {
    if (this.#warnedSlow) return;
    this.#warnedSlow = true;
    run.log.warn("handler is slow: half of its timeout is over", { timeoutMs: timeoutOf(run) });
  }

  #abort(run: MonitoredRun): void {
    const { subscription, event } = run;
    const timeoutMs = timeoutOf(run);
    run.abort(
      new BusError("timeout", `subscription ${subscription}: the handler did not end within ${timeoutMs} ms`, {
        details: { subscription, eventId: event.id, timeoutMs },
      }),
    );
  }

  #late(run: MonitoredRun, now: number): void {
    const { subscription, event } = run;
    this.#abort(run);
    if (run.stuck || now < stuckAt(run)) return;
    run.stuck = true;
    this.#host.counters.stuck += 1;
    this.#host.onError(
      new BusError(
        "timeout",
        `subscription ${subscription}: the handler of ${of(run)} ignores its abort and keeps its slot; ` +
          "have it watch `signal`",
        { details: { subscription, eventId: event.id, stuck: true } },
      ),
    );
  }

  /** When something is to be done about a run next. */
  #nextLook(run: MonitoredRun, now: number): number {
    if (run.stuck) return Number.POSITIVE_INFINITY;
    if (now >= run.deadline) return stuckAt(run);
    return now >= slowAt(run) || this.#warnedSlow ? run.deadline : slowAt(run);
  }
}

function timeoutOf({ deadline, startedAt }: MonitoredRun): number {
  return deadline - startedAt;
}

function slowAt(run: MonitoredRun): number {
  return run.startedAt + timeoutOf(run) / 2;
}

function stuckAt(run: MonitoredRun): number {
  return run.deadline + Math.min(timeoutOf(run), abortGraceMs);
}

function of({ event, size }: MonitoredRun): string {
  return size === undefined ? `event ${event.id}` : `a batch of ${size} events, the first ${event.id},`;
}
