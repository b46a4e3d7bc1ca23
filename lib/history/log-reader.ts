import type { EventLog, LogRead, Position } from "../engine/event-log.ts";
import type { ChangeWatch } from "./change-watch.ts";

/** Events read at a time. */
const batchSize = 256;

/** What a reader was given. */
export interface LogBatch extends LogRead {
  /** Whether the end of the log was reached: nothing came after the position of the batch before. */
  readonly atEnd: boolean;
}

export interface ReadOptions {
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Whether waiting at the end keeps the process alive. Default false. */
  readonly keepAlive?: boolean;
}

/**
 * Reads the log from a position on, the past and then what comes, for whoever waits, tails or is fed from it. Readers at the
 * same position share one read, so that a thousand that wait at the end cost as much as one.
 */
export class LogReader {
  readonly #log: Pick<EventLog, "readAfter">;
  readonly #changes: ChangeWatch;
  readonly #reading = new Map<Position, Promise<LogRead>>();

  constructor(log: Pick<EventLog, "readAfter">, changes: ChangeWatch) {
    this.#log = log;
    this.#changes = changes;
  }

  /**
   * Batches of what lies after a position, in order, each event once; an empty one each time the end is reached. Rejects
   * where reading fails; whoever goes on from the last position misses nothing.
   */
  async *after(from: Position | Promise<Position>, options: ReadOptions): AsyncGenerator<LogBatch, void, void> {
    const { signal, keepAlive } = options;
    const unwatch = this.#changes.use();
    try {
      let position = await from;
      while (!signal.aborted) {
        const { seen } = this.#changes;
        const read = await unlessAborted(this.#read(position), signal);
        if (read === undefined) return;
        const atEnd = read.position === position;
        position = read.position;
        yield { ...read, atEnd };
        if (atEnd) await this.#changes.after(seen, { signal, keepAlive });
      }
    } finally {
      unwatch();
    }
  }

  #read(position: Position): Promise<LogRead> {
    const known = this.#reading.get(position);
    if (known !== undefined) return known;
    const reading = this.#log.readAfter(position, batchSize).finally(() => this.#reading.delete(position));
    this.#reading.set(position, reading);
    return reading;
  }
}

/** What a promise resolves to, or `undefined` as soon as a signal fires. */
function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    const abort = () => resolve(undefined);
    signal.addEventListener("abort", abort, { once: true });
    promise
      .finally(() => signal.removeEventListener("abort", abort))
      .then((result) => resolve(signal.aborted ? undefined : result), reject);
  });
}
