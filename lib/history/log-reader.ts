import type { EventLog, LogRead, LogSelection, Position } from "../engine/event-log.ts";
import type { ChangeWatch } from "./change-watch.ts";
import { SharedSelections } from "./log-selections.ts";

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
  /** What the reader looks for; it may be given more. Default: everything. */
  readonly wanted?: readonly LogSelection[];
}

/** A read under way. */
interface Reading {
  readonly read: Promise<LogRead>;
  /** Whether it looks for what a reader wants: for all of those that began before it. */
  includes(reader: number): boolean;
}

/**
 * Reads the log from a position on, the past and then what comes, for whoever waits, tails or is fed from it. Readers at the
 * same position share one read, of what any reader wants, so that a thousand that wait at the end cost as much as one.
 */
export class LogReader {
  readonly #log: Pick<EventLog, "readAfter">;
  readonly #changes: ChangeWatch;
  readonly #reading = new Map<Position, Reading>();
  readonly #selections = new SharedSelections();
  /** The number of the last reader that began. */
  #last = 0;

  constructor(log: Pick<EventLog, "readAfter">, changes: ChangeWatch) {
    this.#log = log;
    this.#changes = changes;
  }

  /**
   * Batches of what lies after a position, in order, each event once; an empty one each time the end is reached, unless the
   * engine tells the end with the last events. Rejects where reading fails; whoever goes on from the last position misses
   * nothing.
   */
  async *after(from: Position | Promise<Position>, options: ReadOptions): AsyncGenerator<LogBatch, void, void> {
    const { signal, keepAlive, wanted } = options;
    const unwatch = this.#changes.use();
    this.#last += 1;
    const reader = this.#last;
    const unselect = this.#selections.add(wanted);
    try {
      let position = await from;
      while (!signal.aborted) {
        const { seen } = this.#changes;
        const read = await unlessAborted(this.#read(position, reader), signal);
        if (read === undefined) return;
        const atEnd = read.atEnd ?? read.position === position;
        position = read.position;
        yield { ...read, atEnd };
        if (atEnd) await this.#changes.after(seen, { signal, keepAlive });
      }
    } finally {
      unselect();
      unwatch();
    }
  }

  #read(position: Position, reader: number): Promise<LogRead> {
    const known = this.#reading.get(position);
    if (known?.includes(reader) === true) return known.read;
    const wanted = this.#selections.union();
    const last = this.#last;
    const read = this.#log.readAfter(position, batchSize, ...(wanted === undefined ? [] : [wanted])).finally(() => {
      if (this.#reading.get(position) === reading) this.#reading.delete(position);
    });
    const reading: Reading = { read, includes: (other) => wanted === undefined || other <= last };
    this.#reading.set(position, reading);
    return read;
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
