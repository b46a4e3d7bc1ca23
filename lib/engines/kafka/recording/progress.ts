import type { Logger } from "../../../runtime/logger.ts";

export interface ProgressDependencies {
  readonly logger: Logger;
  /** Begins to record, where that has not begun. */
  start(): void;
  /** How far the store has each partition. */
  feeds(): Promise<ReadonlyMap<string, number>>;
  /** The store has a partition up to a position. */
  changed(feed: string, next: number): void;
}

interface Waiter {
  readonly targets: ReadonlyMap<string, number>;
  readonly deadline: number;
  readonly resolve: () => void;
}

/**
 * Milliseconds for which a reader waits for the store to have what it must have, and then takes what there is: longer for what
 * this process has published.
 */
const patienceMs = { own: 10_000, all: 3_000 };
/** Milliseconds between two polls of what other processes have recorded, the first and the last. */
const pollMs = { from: 4, to: 100 };

/**
 * Knows how far the store must have come before it is read: to what this process has published, and to what the topics held when
 * the bus was opened. So a process finds what it published, although another one records it.
 */
export class Progress {
  readonly #dependencies: ProgressDependencies;
  readonly #recorded = new Map<string, number>();
  readonly #published = new Map<string, number>();
  readonly #handlers = new Map<string, number>();
  readonly #present = new Map<string, number>();
  #waiters: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = pollMs.from;
  #closed = false;

  constructor(dependencies: ProgressDependencies) {
    this.#dependencies = dependencies;
  }

  /** This process has published up to a position, and handlers of it were among the publishers. */
  published(feed: string, next: number, byHandler: boolean): void {
    raise(this.#published, feed, next);
    if (byHandler) raise(this.#handlers, feed, next);
  }

  /** A partition holds events up to a position. */
  present(feed: string, next: number): void {
    raise(this.#present, feed, next);
  }

  /** The store has a partition up to a position. */
  recorded(feed: string, next: number): void {
    if (this.#raise(feed, next)) this.#check();
  }

  /** Whether the store is known to have the event at an offset. */
  has(feed: string, offset: number): boolean {
    return (this.#recorded.get(feed) ?? 0) > offset;
  }

  /** Resolves once the store has what this process has published; `undefined` where it has. */
  ownRecorded(): Promise<void> | undefined {
    return this.#wait(patienceMs.own, this.#published);
  }

  /** The same for what handlers of this process have published. */
  ofHandlersRecorded(): Promise<void> | undefined {
    return this.#wait(patienceMs.own, this.#handlers);
  }

  /** The same for all that is known of the topics. */
  allRecorded(): Promise<void> | undefined {
    const own = this.ownRecorded();
    const all = this.#wait(patienceMs.all, this.#present);
    return own === undefined || all === undefined ? (own ?? all) : Promise.all([own, all]).then(() => {});
  }

  /** Nobody waits any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  #wait(patience: number, source: ReadonlyMap<string, number>): Promise<void> | undefined {
    if (this.#closed || this.#has(source)) return undefined;
    const targets = this.#missing(source);
    this.#dependencies.start();
    return new Promise((resolve) => {
      this.#waiters.push({ targets, deadline: performance.now() + patience, resolve });
      this.#pauseMs = pollMs.from;
      this.#poll();
    });
  }

  #raise(feed: string, next: number): boolean {
    const raised = raise(this.#recorded, feed, next);
    if (raised) this.#dependencies.changed(feed, next);
    return raised;
  }

  /** Called for each settlement: nothing is allocated. */
  #has(targets: ReadonlyMap<string, number>): boolean {
    for (const [feed, next] of targets) if ((this.#recorded.get(feed) ?? 0) < next) return false;
    return true;
  }

  #missing(source: ReadonlyMap<string, number>): Map<string, number> {
    return new Map([...source].filter(([feed, next]) => (this.#recorded.get(feed) ?? 0) < next));
  }

  #check(): void {
    if (this.#waiters.length === 0) return;
    const now = performance.now();
    const late = this.#waiters.some(({ deadline }) => deadline < now);
    if (late) {
      const behind = [...new Set(this.#waiters.flatMap(({ targets }) => [...this.#missing(targets).keys()]))];
      this.#dependencies.logger.warn("the store is behind Kafka; answers lack the last events", { behind });
    }
    const done = ({ deadline, targets }: Waiter) => deadline < now || this.#has(targets);
    const ended = this.#waiters.filter(done);
    this.#waiters = this.#waiters.filter((waiter) => !done(waiter));
    for (const { resolve } of ended) resolve();
  }

  /** Polls from time to time, for as long as somebody waits. */
  #poll(): void {
    if (this.#timer !== undefined || this.#waiters.length === 0 || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#dependencies
        .feeds()
        .then((feeds) => {
          for (const [feed, next] of feeds) this.#raise(feed, next);
        })
        // The store is read again a little later.
        .catch(() => {})
        .finally(() => {
          this.#timer = undefined;
          this.#pauseMs = Math.min(pollMs.to, this.#pauseMs * 2);
          this.#check();
          this.#poll();
        });
    }, this.#pauseMs);
  }
}

function raise(positions: Map<string, number>, feed: string, next: number): boolean {
  if ((positions.get(feed) ?? -1) >= next) return false;
  positions.set(feed, next);
  return true;
}
