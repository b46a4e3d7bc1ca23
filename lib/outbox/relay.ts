import { busClosed } from "../engine/errors.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import type { PublishLater } from "../publish/publish-later.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import { Pause } from "./pause.ts";
import type { OutboxStore, RelayOutcome, WaitingRecord } from "./store.ts";
import { storedEvent } from "./stored-event.ts";

/** How a relay runs. */
export interface RelayOptions {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** How often it looks for what other processes have added; default 500 ms, at least 10 ms, at most 1 h. */
  readonly poll?: Duration;
}

/** What was done. */
export interface RelayReport {
  /** Entries that the bus has now. */
  readonly published: number;
  /** Entries that were set aside. */
  readonly failed: number;
  /** Tries that failed and are made again later. */
  readonly postponed: number;
}

export interface RelayDependencies {
  readonly store: Pick<OutboxStore<never, never>, "lease" | "release" | "read" | "settle">;
  readonly bus: Pick<PublishLater, "append" | "onError">;
  /** Whether the bus keeps the order of publishes: then entries of one key go one after the other. */
  readonly keepOrder: boolean;
  /** Tells this relay from others. */
  readonly owner: string;
  /** What an error of the store is called. */
  failed(thrown: unknown): BusError;
}

/** Records published in one round. */
const atOnce = 256;
/** Milliseconds for which one relay keeps others from doing the same work; renewed by half of it. */
const leaseMs = 3_000;
/** Milliseconds until something that failed is tried again, doubled up to the last. */
const againMs = { from: 1_000, to: 60_000 };
/** The longest wait where nothing gets through. */
const longestPauseMs = 5_000;
/** Milliseconds from one look to the next after something was added here; doubled up to `poll`. */
const soonMs = 5;
const pollBounds = { min: 10, max: 3_600_000 };
const nothing: RelayReport = { published: 0, failed: 0, postponed: 0 };

/**
 * Publishes the records of an outbox. Whatever ends it, and however many run at once, the order of a key holds: each relay
 * publishes a record only after those before it, and the bus knows an id that comes again.
 */
export class Relay {
  readonly #dependencies: RelayDependencies;
  readonly #pause = new Pause();
  #leasedUntil = 0;

  constructor(dependencies: RelayDependencies) {
    this.#dependencies = dependencies;
  }

  /** Something was added here, and may be there soon. */
  expect(): void {
    this.#pause.end();
  }

  async run(options: RelayOptions): Promise<void> {
    checkCallOptions("outbox.relay", options, ["signal", "poll"]);
    const { signal } = options;
    if (!(signal instanceof AbortSignal)) {
      throw new BusError("invalid_config", "outbox.relay: signal must be an AbortSignal, which ends the relay");
    }
    const poll = parseDuration(options.poll ?? 500, "outbox.relay: poll", pollBounds);
    try {
      await this.#loop(signal, poll);
    } finally {
      await this.#release();
    }
  }

  async #loop(signal: AbortSignal, poll: number): Promise<void> {
    const soon = Math.min(soonMs, poll);
    let idleMs = poll;
    let failures = 0;
    while (!signal.aborted) {
      let report = nothing;
      try {
        report = await this.#round(signal);
        // Nothing gets through: what comes next would only fail as well.
        failures = report.published + report.failed === 0 && report.postponed > 1 ? failures + 1 : 0;
      } catch (thrown) {
        if (thrown instanceof BusError && thrown.code === "closed") throw thrown;
        if (failures === 0) this.#dependencies.bus.onError(toBusError(thrown));
        failures += 1;
      }
      if (failures > 0) await new Pause().wait(Math.min(longestPauseMs, backoff(failures)), signal);
      else if (report.published + report.failed > 0) idleMs = soon;
      else idleMs = (await this.#pause.wait(idleMs, signal)) ? soon : Math.min(poll, idleMs * 2);
    }
  }

  async flush(signal?: AbortSignal): Promise<RelayReport> {
    let total = nothing;
    for (;;) {
      if (signal?.aborted === true) return total;
      const records = await this.#read();
      if (records.length === 0) return total;
      const { failed, postponed, published } = await this.#publish(records);
      total = {
        published: total.published + published,
        failed: total.failed + failed,
        postponed: total.postponed + postponed,
      };
      if (published + failed === 0) return total;
    }
  }

  async #round(signal: AbortSignal): Promise<RelayReport> {
    // Looked at first: who has nothing to do writes nothing.
    const records = await this.#read();
    if (records.length === 0 || signal.aborted || !(await this.#lease())) return nothing;
    // On a slow bus a round takes longer than the lease; one that cannot be renewed costs others some work.
    const renewing = setInterval(() => void this.#lease().catch(() => {}), leaseMs / 2);
    try {
      return await this.#publish(records);
    } finally {
      clearInterval(renewing);
    }
  }

  async #read(): Promise<WaitingRecord[]> {
    return this.#call(() => this.#dependencies.store.read(atOnce));
  }

  async #lease(): Promise<boolean> {
    const now = performance.now();
    if (now < this.#leasedUntil - leaseMs / 2) return true;
    const { owner, store } = this.#dependencies;
    if (!(await this.#call(() => store.lease(owner, leaseMs)))) return false;
    this.#leasedUntil = now + leaseMs;
    return true;
  }

  async #release(): Promise<void> {
    const { bus, owner, store } = this.#dependencies;
    if (this.#leasedUntil === 0) return;
    this.#leasedUntil = 0;
    await this.#call(() => store.release(owner)).catch((thrown: unknown) => bus.onError(toBusError(thrown)));
  }

  async #publish(records: readonly WaitingRecord[]): Promise<RelayReport> {
    const { keepOrder, store } = this.#dependencies;
    const chains = keepOrder ? [...Map.groupBy(records, ({ key }) => key).values()] : records.map((record) => [record]);
    const outcomes = (await Promise.all(chains.map((chain) => this.#chain(chain)))).flat();
    await this.#call(() => store.settle(outcomes));
    const count = (state: RelayOutcome["state"]) => outcomes.filter((outcome) => outcome.state === state).length;
    if (outcomes.length === 0) throw busClosed();
    return { published: count("published"), failed: count("failed"), postponed: count("waiting") };
  }

  /** One after the other, until one has to be tried again: what follows waits for it. */
  async #chain(chain: readonly WaitingRecord[]): Promise<RelayOutcome[]> {
    const outcomes: RelayOutcome[] = [];
    for (const record of chain) {
      const outcome = await this.#one(record);
      if (outcome === undefined) break;
      outcomes.push(outcome);
      if (outcome.state === "waiting") break;
    }
    return outcomes;
  }

  /** `undefined` where the bus is closed: that is not the fault of the record. */
  async #one({ attempts, event, history, id, seq }: WaitingRecord): Promise<RelayOutcome | undefined> {
    const { bus } = this.#dependencies;
    try {
      await bus.append({ event: storedEvent(event), ownId: true, history, inHandler: false });
      return { seq, state: "published" };
    } catch (thrown) {
      const error = toBusError(thrown);
      const { code, message, retryable } = error;
      if (code === "closed") return undefined;
      if (retryable) return { seq, state: "waiting", delay: backoff(attempts + 1), code, message };
      const details = { eventId: id };
      bus.onError(new BusError(code, `outbox: event ${id} was set aside: ${message}`, { cause: error, details }));
      return { seq, state: "failed", delay: 0, code, message };
    }
  }

  async #call<Value>(act: () => Promise<Value>): Promise<Value> {
    try {
      return await act();
    } catch (thrown) {
      throw this.#dependencies.failed(thrown);
    }
  }
}

function backoff(times: number): number {
  return Math.min(againMs.to, againMs.from * 2 ** Math.min(times - 1, 10));
}
