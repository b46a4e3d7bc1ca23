import type { Clock } from "../../../runtime/clock.ts";
import { batchShards, keyTime, logShard, timeKey } from "./keys.ts";
import { type Logged, type LogRow, parseLogRow } from "./log.ts";
import type { Table } from "./table.ts";

/**
 * Milliseconds for which a row of the log may appear behind one with a later time: several recorders run at once, and a
 * write is repeated where it was throttled or lost.
 */
const overlapMs = 10_000;
/** Entries kept for readers that lag behind. */
const entriesKept = 10_000;
/** After so many milliseconds without a poll it begins anew, rather than read all that came since. */
const idleMs = 600_000;
/** Rows of a page when the end is searched. */
const endPage = 25;

const form = /^(\d{13}~\d{12})(?:~(.*))?$/s;

/** An entry, and when it came: the later of its acceptance and its recording, each by the clock of who did it. */
interface Entry extends Logged {
  /** The time of its row. */
  readonly at: number;
  readonly cameAt: number;
}

/** A position of the live log, and the key after which events are wanted. */
export function livePosition(position: string): { position: string; after: string } | undefined {
  const match = form.exec(position);
  return match?.[1] === undefined ? undefined : { position: match[1], after: match[2] ?? "" };
}

/**
 * The log as this process sees it: each poll reads the last seconds again, takes what it has not seen, and appends it to
 * all that it saw before. So one order holds for all who wait in this process, and the end is a position in it.
 */
export class LiveLog {
  readonly #clock: Clock;
  readonly #table: Table;
  #entries: Entry[] = [];
  /** The entries' keys. */
  #keys = new Set<string>();
  /** Of the last seconds: key, and the time of its row. */
  #seen = new Map<string, number>();
  /** Of the last seconds before the beginning: those that were seen there, and the time of their row. */
  #before = new Map<string, number>();
  #begin: { position: string; at: number } | undefined;
  /** The latest time of a row. */
  #high = 0;
  #count = 0;
  #polledAt = 0;
  #polling: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  /** When the next poll was first asked for. */
  #askedAt = 0;

  constructor(clock: Clock, table: Table) {
    this.#clock = clock;
    this.#table = table;
  }

  /** The position after all that is recorded as of this call: the poll takes its time, and what comes meanwhile is after it. */
  async end(): Promise<string> {
    const now = this.#clock.now();
    const known = this.#entries.at(-1)?.position ?? "";
    await this.#poll();
    let end = this.#beginning().position;
    if (known > end) end = known;
    for (let at = this.#firstAfter(end); at < this.#entries.length; at += 1) {
      const entry = this.#entries[at];
      if (entry === undefined || entry.cameAt >= now) break;
      end = entry.position;
    }
    return end;
  }

  /** Where this log begins: before are the rows up to that time that it does not have. */
  async begin(): Promise<{ position: string; at: number }> {
    if (this.#begin === undefined || this.#isIdle()) await this.#poll();
    return this.#beginning();
  }

  /** Whether an event lies before the beginning. One whose row appeared there only afterwards does not: it comes as an entry. */
  isBefore(key: string, at: number): boolean {
    if (this.#keys.has(key)) return false;
    return at < this.#beginning().at - overlapMs || this.#before.has(key);
  }

  /** Undefined where this log begins after the position. */
  async after(
    position: string,
    after: string,
    limit: number,
  ): Promise<{ entries: Logged[]; position: string } | undefined> {
    if (this.#begin === undefined || this.#isIdle() || (this.#entries.at(-1)?.position ?? "") <= position) {
      await this.#poll();
    }
    if (position < this.#beginning().position) return undefined;
    const entries: Logged[] = [];
    let last = position;
    for (let at = this.#firstAfter(position); at < this.#entries.length && entries.length < limit; at += 1) {
      const entry = this.#entries[at];
      if (entry === undefined) break;
      if (entry.key > after) entries.push(entry);
      last = entry.position;
    }
    return { entries, position: after === "" ? last : `${last}~${after}` };
  }

  #beginning(): { position: string; at: number } {
    return this.#begin ?? { position: this.#position(), at: this.#high };
  }

  #isIdle(): boolean {
    return this.#clock.now() - this.#polledAt > idleMs;
  }

  #firstAfter(position: string): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.position ?? "") <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** One poll at a time; those who ask while one runs share the next, which sees what is there when they ask. */
  #poll(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    this.#askedAt = this.#clock.now();
    const promise = this.#polling.then(() => {
      this.#next = undefined;
      return this.#begin === undefined || this.#isIdle() ? this.#start(this.#askedAt) : this.#readOn();
    });
    this.#next = promise;
    this.#polling = promise.catch(() => {});
    return promise;
  }

  /** Begins after what had come by the time that the poll was asked for. */
  async #start(askedAt: number): Promise<void> {
    const newest = await Promise.all(this.#shards().map((pk) => this.#newestRows(pk)));
    const rows = newest.flat();
    this.#high = rows.reduce((most, { at }) => Math.max(most, at), this.#high);
    this.#entries = [];
    this.#keys = new Set();
    this.#seen = new Map();
    this.#before = new Map();
    this.#begin = { position: this.#position(), at: this.#high };
    this.#take(rows, askedAt);
  }

  /** The rows of the last seconds. */
  async #newestRows(pk: string): Promise<LogRow[]> {
    const rows: LogRow[] = [];
    for await (const items of this.#table.query({ pk, newestFirst: true, consistent: true, pageSize: endPage })) {
      rows.push(...items.map(parseLogRow));
      const [newest, oldest] = [rows[0], rows.at(-1)];
      if (newest !== undefined && oldest !== undefined && oldest.at < newest.at - overlapMs) break;
    }
    return rows;
  }

  async #readOn(): Promise<void> {
    const from = timeKey(this.#high - overlapMs);
    const found = await Promise.all(this.#shards().map((pk) => this.#table.all({ pk, from, consistent: true })));
    const rows = found.flat().map(parseLogRow);
    this.#high = rows.reduce((most, { at }) => Math.max(most, at), this.#high);
    this.#take(rows, 0);
  }

  /** Adds what was not seen before; of it, what had come before `since` lies before the beginning. */
  #take(rows: readonly LogRow[], since: number): void {
    const fresh = rows
      .toSorted((one, other) => (one.sk < other.sk ? -1 : 1))
      .flatMap(({ at, keys }) => keys.map((key) => ({ key, at, cameAt: Math.max(at, keyTime(key)) })))
      .sort((one, other) => one.cameAt - other.cameAt);
    for (const { key, at, cameAt } of fresh) {
      if (this.#seen.has(key)) continue;
      this.#seen.set(key, at);
      if (cameAt < since) {
        this.#before.set(key, at);
        continue;
      }
      this.#keys.add(key);
      this.#entries.push({ key, at, cameAt, position: this.#position() });
    }
    this.#forget();
    this.#polledAt = this.#clock.now();
  }

  #forget(): void {
    for (const [key, at] of this.#seen) if (at < this.#high - overlapMs) this.#seen.delete(key);
    const dropped = this.#entries.splice(0, this.#entries.length - entriesKept);
    const last = dropped.at(-1);
    if (last === undefined) return;
    for (const { key, at } of dropped) {
      this.#keys.delete(key);
      this.#before.set(key, at);
    }
    const begin = { position: last.position, at: Number(last.position.slice(0, 13)) };
    this.#begin = begin;
    for (const [key, at] of this.#before) if (at < begin.at - overlapMs) this.#before.delete(key);
  }

  /** The next position: no earlier than any row that was seen. */
  #position(): string {
    this.#count += 1;
    return `${timeKey(this.#high)}~${String(this.#count).padStart(12, "0")}`;
  }

  #shards(): string[] {
    return Array.from({ length: batchShards }, (_, shard) => logShard(shard));
  }
}
