import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { createHash } from "node:crypto";
import type { Clock } from "../../runtime/clock.ts";
import { Random } from "./random.ts";
import { type Task, TaskQueue } from "./task-queue.ts";

/** When every simulation begins: 2026-01-01T00:00:00Z. */
const start = Date.UTC(2026, 0, 1);
/** The longest time in milliseconds by which a timer is late, and within which a turn of the event loop comes. */
const [latestTimer, latestTurn] = [2, 0.2];

/** The simulated process that runs now; undefined outside of simulations. */
export const currentProcess = new AsyncLocalStorage<SimulatedProcess>();

/** The time, the randomness and the order of events of one simulation. Everything in it follows from the seed. */
export class World {
  readonly random: Random;
  readonly clock: Clock;
  readonly #tasks = new TaskQueue();
  readonly #digest = createHash("sha256");
  readonly #lines: string[] = [];
  readonly startedAt = start;
  /** What is done outside, and how much of it. */
  #before: Promise<unknown> = Promise.resolve();
  #pending = 0;
  #now = start;
  #order = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.clock = {
      now: () => this.now(),
      setTimer: (run, ms) => this.#process().setTimer(run, ms),
      clearTimer: (timer) => {
        if (timer instanceof SimulatedTimer) timer.cancel();
      },
    };
  }

  /** Virtual milliseconds since 1970; whole, as of a clock. */
  now(): number {
    return Math.floor(this.#now);
  }

  /** The same with fractions. */
  exact(): number {
    return this.#now;
  }

  /** Writes a line into the trace. */
  trace(line: string): void {
    this.#lines.push(`${(this.#now - start).toFixed(3)} ${line}`);
  }

  /** The trace so far, a line for each thing that happened. */
  lines(): readonly string[] {
    return this.#lines;
  }

  /** SHA-256 of the trace and of each turn of each process. */
  digest(): string {
    return this.#digest.copy().update(this.#lines.join("\n")).digest("hex");
  }

  add(at: number, what: string, run: () => void): Task {
    this.#order += 1;
    const task = { at, order: this.#order, what, run, cancelled: false };
    this.#tasks.push(task);
    return task;
  }

  /**
   * Has work done that the simulation does not decide, such as that of another thread: nothing else happens before it has ended, and
   * of several it is one after the other.
   */
  outside<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#pending += 1;
    const done = this.#before.then(work);
    this.#before = done.then(
      () => {
        this.#pending -= 1;
      },
      () => {
        this.#pending -= 1;
      },
    );
    return done;
  }

  /** Has what is to happen happen, one thing after the other, until that is so. False where nothing is left before it is. */
  async run(until: () => boolean): Promise<boolean> {
    await this.#settled();
    while (!until()) {
      const task = this.#tasks.pop();
      if (task === undefined) return false;
      if (task.cancelled) continue;
      this.#now = Math.max(this.#now, task.at);
      this.#digest.update(`${this.#now} ${task.what}\n`);
      task.run();
      await this.#settled();
    }
    return true;
  }

  async #settled(): Promise<void> {
    do await settle();
    while (this.#pending > 0);
  }

  #process(): SimulatedProcess {
    const process = currentProcess.getStore();
    if (process === undefined) throw new Error("a timer of a simulation was set outside of its processes");
    return process;
  }
}

/** The real one: within a simulation the name stands for another. */
const { setImmediate: nextTurn } = globalThis;

/** Resolves when all promises have settled that can without anything else. */
function settle(): Promise<void> {
  return new Promise((resolve) => nextTurn(resolve));
}

/** What `setTimeout` gives within a simulation. */
export class SimulatedTimer {
  readonly #process: SimulatedProcess;
  readonly #ms: number;
  readonly #run: () => void;
  #task: Task | undefined;

  constructor(process: SimulatedProcess, run: () => void, ms: number) {
    this.#process = process;
    this.#run = run;
    this.#ms = ms;
    this.refresh();
  }

  cancel(): void {
    if (this.#task !== undefined) this.#task.cancelled = true;
    this.#task = undefined;
  }

  refresh(): this {
    this.cancel();
    this.#task = this.#process.schedule(this.#ms, this.#run);
    return this;
  }

  close(): this {
    this.cancel();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}

/** A process of a simulation: what it does ends when it crashes, at once and wherever it is. */
export class SimulatedProcess {
  readonly name: string;
  readonly world: World;
  readonly #held: (() => void)[] = [];
  /** When the last timer of each length is due: those of one length come in order, as Node's do. */
  readonly #lastOf = new Map<number, number>();
  #lastTurn = 0;
  #crashed = false;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  /** Runs code as this process. */
  enter<Result>(act: () => Result): Result {
    return currentProcess.run(this, act);
  }

  /** Has `end` called where the process crashes: what the operating system takes from a process that is gone. */
  holds(end: () => void): void {
    this.#held.push(end);
  }

  /** Ends it as `kill -9` does: no timer of it fires any more, and nothing that it waits for comes. */
  crash(): void {
    if (this.#crashed) return;
    this.#crashed = true;
    this.world.trace(`${this.name} crashes`);
    for (const end of this.#held.splice(0)) end();
  }

  setTimer(run: () => void, ms: number): SimulatedTimer {
    return new SimulatedTimer(this, run, ms);
  }

  schedule(ms: number, run: () => void): Task {
    const { random } = this.world;
    const wanted = Number.isFinite(ms) ? Math.max(1, ms) : 1;
    const at = Math.max(this.world.exact() + wanted + random.between(0, latestTimer), this.#lastOf.get(wanted) ?? 0);
    this.#lastOf.set(wanted, at);
    if (this.#lastOf.size > 1_000) this.#forgetPast();
    return this.#add(at, "timer", run);
  }

  /** A turn of the event loop: in order, and soon. */
  setImmediate(run: () => void): Task {
    const { random } = this.world;
    this.#lastTurn = Math.max(this.world.exact() + random.between(0, latestTurn), this.#lastTurn);
    return this.#add(this.#lastTurn, "turn", run);
  }

  /** Resolves after a time that the world decides. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.schedule(ms, resolve));
  }

  #add(at: number, what: string, run: () => void): Task {
    const resource = new AsyncResource("WaggleSimulation");
    return this.world.add(at, `${this.name} ${what}`, () => {
      if (!this.#crashed) resource.runInAsyncScope(run);
    });
  }

  #forgetPast(): void {
    const now = this.world.exact();
    for (const [ms, at] of this.#lastOf) if (at < now) this.#lastOf.delete(ms);
  }
}
