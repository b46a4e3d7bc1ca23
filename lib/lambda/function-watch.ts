import {
  type Alert,
  AlertMonitor,
  alertType,
  type CheckedRule,
  lookBackFrom,
  lookBackWith,
  needsData,
  publishAlerts,
  publishedAlerts,
} from "../alerts/index.ts";
import type { Bus } from "../bus/bus.ts";
import { type RecordedHistory, readRecorded, wholeEvents } from "./read-recorded.ts";

/** What a watch watches by, and on. */
export interface FunctionWatchOptions {
  readonly bus: Bus;
  readonly history: RecordedHistory;
  readonly rules: readonly CheckedRule[];
  readonly source: string;
}

/** What a run has found. */
export interface WatchRun {
  /** Milliseconds from the first event of each flow that had one to its latest. */
  readonly durations: readonly number[];
  /** Alerts that were raised for slow flows. */
  readonly slowFlows: number;
  /** Alerts that were published. */
  readonly published: number;
  /** What is raised and not cleared. */
  readonly active: readonly Alert[];
  /** Whether something was left out: more events, or alerts, than one run takes. */
  readonly cut: boolean;
}

/** What was accepted is recorded after this time at the latest, or seen by the next run. */
const lagMs = 15_000;
/** The time that a run reads again: rows of the log may appear late, and recorders' clocks differ. */
const overlapMs = 60_000;
/** Flows that a function of 512 MB can hold. */
const mostFlows = 200_000;

interface State {
  readonly monitor: AlertMonitor;
  /** Up to when the log was read, in milliseconds since 1970. */
  until: number;
  /** Events that the next run reads again, and when they were recorded. */
  known: ReadonlyMap<string, number>;
}

/**
 * Watches a bus from run to run, in the memory of its function. A function that starts anew reads the past again, and what it finds
 * a second time has the same id as before.
 */
export class FunctionWatch {
  readonly #options: FunctionWatchOptions;
  readonly #needsData: (type: string) => boolean;
  #state: State | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: FunctionWatchOptions) {
    this.#options = options;
    const needs = needsData(options.rules);
    // What others have raised or cleared is in the data of their alerts.
    this.#needsData = (type) => type === alertType || needs(type);
  }

  /** Watches what came since the last run; one run at a time. After one that has failed, the next begins anew. */
  run(nowMs: number): Promise<WatchRun> {
    const run = this.#last.then(() => this.#run(nowMs));
    this.#last = run.catch(() => {
      // What it had found and not published is found again.
      this.#state = undefined;
    });
    return run;
  }

  async #run(nowMs: number): Promise<WatchRun> {
    const { bus, history, rules, source } = this.#options;
    const state = await this.#stateAt(nowMs);
    const { monitor } = state;
    const leftOut = monitor.leftOut;
    const until = Math.max(nowMs, state.until);
    const since = state.until - overlapMs;
    const isKnown = (key: string) => state.known.has(key);
    const { events, cut } = await readRecorded(history, { since, until, isKnown, needsData: this.#needsData });
    const due: Alert[] = [];
    const flows = new Set<string>();
    for await (const { event, recorded } of wholeEvents(history, events, this.#needsData)) {
      due.push(...monitor.observe(event));
      if (recorded.type !== alertType) flows.add(recorded.flow);
    }
    due.push(...monitor.advance(nowMs - lagMs), ...monitor.forgetUnseen(nowMs - lagMs));
    if (rules.some(({ kind }) => kind === "dead-letters")) {
      due.push(...monitor.measure(await bus.subscriptions.list(), nowMs));
    }
    const published = await publishAlerts(bus, due, source);
    const known = [...state.known, ...events.map(({ key, recordedAt }) => [key, recordedAt] as const)];
    state.known = new Map(known.filter(([, recordedAt]) => recordedAt >= until - overlapMs));
    state.until = until;
    const durations = [...flows].flatMap((id) => {
      const flow = monitor.flow(id);
      return flow === undefined ? [] : [flow.latestMs - flow.startedMs];
    });
    const slowFlows = due.filter(({ metric, state: now }) => metric === "flow.duration" && now === "raised").length;
    return { durations, slowFlows, published, active: monitor.active(), cut: cut || monitor.leftOut > leftOut };
  }

  /** Where the last run has ended; from the past where there was none, or where it was too long ago. */
  async #stateAt(nowMs: number): Promise<State> {
    const { bus, rules } = this.#options;
    if (this.#state !== undefined && this.#state.until > lookBackFrom(rules, nowMs)) return this.#state;
    const monitor = new AlertMonitor(rules, { mostFlows });
    for await (const alert of publishedAlerts(bus.history, nowMs)) monitor.restore(alert);
    const since = lookBackWith(rules, monitor.active(), nowMs);
    this.#state = { monitor, until: since + overlapMs, known: new Map() };
    return this.#state;
  }
}
