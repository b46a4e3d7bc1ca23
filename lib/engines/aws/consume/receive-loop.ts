import type { Clock, Timer } from "../../../runtime/clock.ts";

/** Messages of one receive. */
const fullBatch = 10;
/** Receives at once, while there is room and the queue fills each. */
const mostReceives = 4;
/** Before the next receive after one that failed; doubled each time. */
const pauseMs = { from: 1_000, to: 30_000 };

export interface ReceiveLoopDependencies<Message> {
  readonly clock: Clock;
  /** Messages that could be taken now, beyond those that receives under way may bring. */
  room(asked: number): number;
  /** Waits for messages, at most so many. */
  receive(most: number, signal: AbortSignal): Promise<Message[]>;
  /** Takes what a receive has brought; resolves once it is known what room that leaves. */
  take(messages: readonly Message[]): Promise<void>;
  /** Called for a receive that failed; it is made again after a pause. */
  failed(thrown: unknown): void;
  /** Takes note of work that goes on. */
  begun(work: Promise<void>): void;
}

/** Receives messages whenever there is room for some, and several batches at once while the queue is full. */
export class ReceiveLoop<Message> {
  readonly #dependencies: ReceiveLoopDependencies<Message>;
  readonly #ending = new AbortController();
  /** Receives under way, and the messages that they may bring. */
  #receives = 0;
  #asked = 0;
  /** Whether the last receive brought all that it asked for: there is more. */
  #flowing = false;
  #failures = 0;
  #pause: Timer;

  constructor(dependencies: ReceiveLoopDependencies<Message>) {
    this.#dependencies = dependencies;
  }

  get ended(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Begins the receives that there is room for. */
  poll(): void {
    if (this.ended || this.#pause !== undefined) return;
    for (;;) {
      const room = Math.min(fullBatch, this.#dependencies.room(this.#asked));
      if (room <= 0 || this.#receives >= mostReceives) return;
      // A second long poll at the same time is worth its price only while the queue gives full batches.
      if (this.#receives > 0 && !(this.#flowing && room === fullBatch)) return;
      this.#receives += 1;
      this.#asked += room;
      this.#dependencies.begun(this.#receive(room));
    }
  }

  /** Breaks off what waits for messages. */
  end(): void {
    this.#ending.abort();
    this.#dependencies.clock.clearTimer(this.#pause);
  }

  async #receive(most: number): Promise<void> {
    let messages: Message[] = [];
    try {
      messages = await this.#dependencies.receive(most, this.#ending.signal);
      this.#failures = 0;
    } catch (thrown) {
      if (!this.ended) this.#failed(thrown);
    } finally {
      this.#receives -= 1;
      this.#asked -= most;
    }
    this.#flowing = messages.length === most;
    await this.#dependencies.take(messages);
    this.poll();
  }

  #failed(thrown: unknown): void {
    const { clock, failed } = this.#dependencies;
    const waitMs = Math.min(pauseMs.to, pauseMs.from * 2 ** this.#failures);
    this.#failures += 1;
    failed(thrown);
    clock.clearTimer(this.#pause);
    this.#pause = clock.setTimer(() => {
      this.#pause = undefined;
      this.poll();
    }, waitMs);
  }
}
