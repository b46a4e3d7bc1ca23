import { timeKey } from "./keys.ts";
import type { LogRow } from "./log.ts";

/**
 * Milliseconds for which a row of the log may appear behind one with a later time: several recorders run at once, and a
 * write is repeated where it was throttled or lost.
 */
export const overlapMs = 10_000;
/** Milliseconds by which most rows are late: what a recorder takes for a batch, and copies of the table lag behind. */
const nearMs = 300;
/** Rows that are later than that are looked for less often. */
const wideMs = 2_500;
const wideEveryMs = 2_000;
/** Milliseconds by which a row may be late and is yet seen by a thorough poll. */
const thoroughMs = 1_000;
/** The time after which rows can be no later any more is read for the last time so often, from the table itself. */
const closeEveryMs = 5_000;
/** About the bytes that a poll of the shards reads for nothing, since each query is billed as 4 KB at least. */
const freeBytes = 8_000;
/** About the bytes of a row, and of each event that it lists. */
const [rowBytes, listedBytes] = [60, 80];
/** Milliseconds of the intervals by which bytes are added up. */
const intervalMs = 100;

/** A part of the log to read. */
export interface LogSpan {
  readonly from: string;
  /** Where it ends there, all of it is closed once it is read. */
  readonly to?: string;
  readonly consistent: boolean;
}

/**
 * Decides what of the log's last seconds a poll reads, so that each row is seen however late it appears, and few are read
 * often. The newest rows are read each time, from any copy of the table. What is closed is not read any more: it is older
 * than a row that was seen ten seconds ago, and was read since from the table itself.
 */
export class LogWindow {
  /** The latest time of a row. */
  #high = 0;
  /** Everything before is closed. */
  #closed = 0;
  /** When which latest time was seen. */
  readonly #marks: { readonly seenAt: number; readonly high: number }[] = [];
  /** Bytes of what is not closed, by interval. */
  readonly #bytes = new Map<number, number>();
  #wideAt = 0;
  #closeAt = 0;

  get high(): number {
    return this.#high;
  }

  /** Times before this one are closed. */
  get closed(): number {
    return this.#closed;
  }

  /** Begins with what was read of the last seconds. */
  begin(high: number): void {
    this.#high = high;
    this.#closed = high - overlapMs;
    this.#marks.length = 0;
    this.#bytes.clear();
  }

  /** What a poll reads. A thorough one misses nothing that is there, unless it is more than a second late. */
  spans(now: number, thorough: boolean): LogSpan[] {
    const isWide = now - this.#wideAt >= wideEveryMs;
    if (isWide) this.#wideAt = now;
    const behindMs = Math.max(isWide ? wideMs : nearMs, thorough ? thoroughMs : 0);
    const newest = Math.min(this.#high - behindMs, this.#freeFrom());
    const near = { from: timeKey(Math.max(this.#closed, newest)), consistent: thorough };
    const closable = this.#closable(now);
    if (closable === undefined || now - this.#closeAt < closeEveryMs) return [near];
    this.#closeAt = now;
    return [near, { from: timeKey(this.#closed), to: timeKey(closable), consistent: true }];
  }

  /** Notes a row that was not seen before. */
  saw({ at, entries }: LogRow): void {
    const interval = Math.floor(at / intervalMs);
    const bytes = rowBytes + listedBytes * entries.length;
    this.#bytes.set(interval, (this.#bytes.get(interval) ?? 0) + bytes);
    this.#high = Math.max(this.#high, at);
  }

  /** Notes that spans were read, by a poll that began then and has ended now. True where more is closed since. */
  read(spans: readonly LogSpan[], beganAt: number, now: number): boolean {
    const before = this.#closed;
    if (spans.some(({ to }) => to !== undefined)) this.#closed = Math.max(before, this.#closable(beganAt) ?? 0);
    while (this.#marks[1] !== undefined && this.#marks[1].seenAt <= beganAt - overlapMs) this.#marks.shift();
    if (this.#high > (this.#marks.at(-1)?.high ?? 0)) this.#marks.push({ seenAt: now, high: this.#high });
    for (const interval of this.#bytes.keys()) {
      if ((interval + 1) * intervalMs <= this.#closed) this.#bytes.delete(interval);
    }
    return this.#closed > before;
  }

  /** Before this time no row appears any more. */
  #closable(now: number): number | undefined {
    const mark = this.#marks.findLast(({ seenAt }) => seenAt <= now - overlapMs);
    return mark === undefined || mark.high < this.#closed ? undefined : mark.high + 1;
  }

  /** The time from which on reading costs nothing more. */
  #freeFrom(): number {
    let bytes = 0;
    for (const interval of [...this.#bytes.keys()].sort((one, other) => other - one)) {
      bytes += this.#bytes.get(interval) ?? 0;
      if (bytes > freeBytes) return (interval + 1) * intervalMs;
    }
    return this.#closed;
  }
}
