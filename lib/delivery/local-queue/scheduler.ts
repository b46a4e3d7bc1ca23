import type { LocalQueue } from "./local-queue.ts";

/** Turns of the queues between which timers and I/O get their turn. */
const turnsPerTick = 64;

/** Pumps the queues that have something to hand over, in turns outside of the calls that filled them. */
export class Scheduler {
  #scheduled: LocalQueue[] = [];
  #turns = 0;
  #pending = false;

  /** Whether a turn is to come. */
  get pending(): boolean {
    return this.#pending;
  }

  /** Hands over what waits in a queue, soon: in a microtask, or in a later turn of the event loop. */
  schedule(queue: LocalQueue): void {
    if (queue.scheduled) return;
    queue.scheduled = true;
    this.#scheduled.push(queue);
    if (this.#pending) return;
    this.#pending = true;
    this.#turns += 1;
    // Microtasks alone would starve timers and I/O while handlers publish to each other.
    if (this.#turns % turnsPerTick === 0) setImmediate(() => this.#pump());
    else queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    this.#pending = false;
    const queues = this.#scheduled;
    this.#scheduled = [];
    for (const queue of queues) {
      queue.scheduled = false;
      queue.pump();
    }
  }
}
