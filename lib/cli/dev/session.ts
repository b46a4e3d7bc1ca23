import { setTimeout as delay } from "node:timers/promises";
import type { Bus } from "../../bus/bus.ts";
import { provideBus } from "../../connect/provided-bus.ts";
import type { DeadLetter } from "../../engine/delivery.ts";
import { busClosed } from "../../engine/errors.ts";
import type { Event } from "../../event/event.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { importModule } from "./import-modules.ts";
import type { LoadedFunction } from "./load-functions.ts";
import { Recorder } from "./recorder.ts";
import { type Report, type RunPlan, type RunSummary, toDeadStep } from "./report.ts";
import type { Steps } from "./steps.ts";
import type { ReportView } from "./view.ts";
import { type WatchedBus, watchBus } from "./watched-bus.ts";

/** A run of functions, as the work that is given to them sees it. */
export interface FunctionSession<Events, Plan extends object = object> {
  /** Relative paths of the user start here. */
  readonly cwd: string;
  /** Aborted at Ctrl-C, or when the run has to stop for another reason. */
  readonly signal: AbortSignal;
  /** What is subscribed, once `start` has resolved. */
  readonly subscriptions: readonly SubscriptionRecord[];
  /** Events recorded since `start`, by type. */
  readonly eventCounts: ReadonlyMap<string, number>;
  /** Opens the bus; a second call gives the same one. What fails before it leaves nothing behind. */
  open(): Promise<Bus<Events>>;
  /**
   * Subscribes the functions, then loads the modules, which subscribe by themselves. Gives the bus: what the work subscribes
   * on it is part of the run too. Call it once.
   */
  start(): Promise<Bus<Events>>;
  /** Shows what the run sets out to do, with what is at work. Call it once, after `start`. */
  plan(plan: Plan): void;
  /**
   * Resolves when no delivery of these subscriptions is under way in any process, retries included, and all that was
   * recorded by then is shown. Rejects where the signal fires.
   */
  idle(): Promise<void>;
  /** Goes on until the signal fires, and rejects with its reason. */
  stopped(): Promise<never>;
  /** Every dead letter of these subscriptions, newest first. */
  deadLetters(): Promise<DeadLetter[]>;
}

/** What a session works with. */
export interface SessionParts<Events> {
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly functions: readonly LoadedFunction[];
  /** Paths of modules, from `cwd`. */
  readonly imports: readonly string[];
  readonly steps: Steps;
  readonly report: Report;
  readonly view: Pick<ReportView, "subject">;
  openBus(): Promise<Bus<Events>>;
}

/** Milliseconds between two looks at whether a backlog is gone: few while it may be gone at once, more when it takes long. */
const shortestPauseMs = 50;
const longestPauseMs = 500;

/** A {@link FunctionSession}, and what its owner needs in addition. */
export class Session<Events, Plan extends object> implements FunctionSession<Events, Plan> {
  readonly #parts: SessionParts<Events>;
  readonly #startedAt = performance.now();
  readonly #plan: RunPlan = { functions: [], imports: [], leftOver: 0 };
  #opened: Promise<Bus<Events>> | undefined;
  #watched: WatchedBus<Events> | undefined;
  #recorder: Recorder | undefined;
  #takeBack = () => {};

  constructor(parts: SessionParts<Events>) {
    this.#parts = parts;
  }

  get cwd(): string {
    return this.#parts.cwd;
  }
  get signal(): AbortSignal {
    return this.#parts.signal;
  }
  get subscriptions(): readonly SubscriptionRecord[] {
    return this.#watched?.subscriptions() ?? [];
  }
  get eventCounts(): ReadonlyMap<string, number> {
    return this.#recorder?.countByType ?? new Map();
  }

  open(): Promise<Bus<Events>> {
    this.signal.throwIfAborted();
    this.#opened ??= this.#parts.openBus();
    return this.#opened;
  }

  async start(): Promise<Bus<Events>> {
    const bus = await this.open();
    const { functions, imports, steps, report, signal } = this.#parts;
    this.#recorder = new Recorder(bus.history, signal, (event: Event) => report.event(event));
    const watched = watchBus(bus, steps);
    this.#watched = watched;
    const before = await bus.subscriptions.list();
    this.#plan.functions.push(...functions.map(({ name }) => name));
    report.starting(this.#plan.functions);
    // What the first of them publishes must not be missed by the last.
    const letRun = steps.hold();
    try {
      for (const { subscription, handler } of functions) await watched.subscribe(subscription, handler);
    } finally {
      letRun();
    }
    this.#takeBack = provideBus(async () => watched.bus);
    for (const file of imports) await this.#import(file, watched);
    const names = new Set(watched.subscriptions().map(({ name }) => name));
    for (const { record, waiting, delayed, running } of before) {
      if (names.has(record.name)) this.#plan.leftOver += waiting + delayed + running;
    }
    return watched.bus;
  }

  plan(plan: Plan): void {
    this.#parts.report.planned({ ...this.#plan, ...plan });
  }

  async idle(): Promise<void> {
    let pauseMs = shortestPauseMs;
    while ((await this.backlog()).busy) {
      await delay(pauseMs, undefined, { signal: this.signal });
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
    await this.#recorder?.caughtUp();
    this.signal.throwIfAborted();
  }

  async stopped(): Promise<never> {
    await this.#recorder?.ended;
    this.signal.throwIfAborted();
    throw busClosed();
  }

  async deadLetters(): Promise<DeadLetter[]> {
    const bus = await this.open();
    const found: DeadLetter[] = [];
    for (const { name } of this.subscriptions) {
      let cursor: string | undefined;
      do {
        const page = { subscription: name, limit: 1_000, ...(cursor === undefined ? {} : { cursor }) };
        const listed = await bus.deadLetters.list(page);
        found.push(...listed.deadLetters);
        cursor = listed.cursor;
      } while (cursor !== undefined);
    }
    return found.toSorted((a, b) => Date.parse(b.deadAt) - Date.parse(a.deadAt));
  }

  /** Whether a delivery of these subscriptions is under way or to come, in any process; and how many no handler has now. */
  async backlog(): Promise<{ busy: boolean; queued: number }> {
    const backlog = { busy: false, queued: 0 };
    if (this.#opened === undefined) return backlog;
    const names = new Set(this.subscriptions.map(({ name }) => name));
    for (const { record, waiting, delayed, running, backfilling } of await (await this.#opened).subscriptions.list()) {
      if (!names.has(record.name)) continue;
      backlog.queued += waiting + delayed;
      if (waiting + delayed + running > 0 || backfilling === true) backlog.busy = true;
    }
    return backlog;
  }

  /** What it came to, so far. */
  async summary(): Promise<RunSummary> {
    const { steps, view } = this.#parts;
    const { handled, failed, slowest, firstHandledMs } = steps;
    return {
      handled,
      failed,
      events: Object.fromEntries([...this.eventCounts].toSorted((a, b) => b[1] - a[1])),
      slowest,
      deadLetters: (await this.deadLetters()).map((one) => toDeadStep(one, view)),
      durationMs: performance.now() - this.#startedAt,
      ...(firstHandledMs === undefined ? {} : { firstHandledMs }),
    };
  }

  /** Lets running handlers finish and closes the bus, where it was opened. */
  async close(): Promise<void> {
    const bus = await this.#opened?.catch(() => undefined);
    await bus?.close();
    this.#takeBack();
  }

  async #import(file: string, watched: WatchedBus<Events>): Promise<void> {
    const known = new Set(watched.subscriptions());
    await importModule(file, this.cwd, this.signal);
    const added = watched.subscriptions().filter((record) => !known.has(record));
    this.#plan.imports.push({ file, subscriptions: added.map(({ name }) => name) });
    if (added.length > 0) return;
    this.#parts.report.note(
      "warning",
      `${file} did not subscribe on the bus of this command; use getBus() in it to get that bus`,
    );
  }
}
