import type { Clock } from "../../../runtime/clock.ts";
import { batchShards, keyTime, logShard, timeKey } from "./keys.ts";
import type { ListedEvent } from "./listed-event.ts";
import { type Logged, type LogRow, parseLogRow } from "./log.ts";
import { LogWindow, overlapMs } from "./log-window.ts";
import type { Table } from "./table.ts";

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

/** What of the table a log is read by. */
export type LogTable = Pick<Table, "all" | "query">;

/** What a reader looks for, and at most how many. */
export interface WantedEvents {
  readonly limit: number;
  isWanted(listed: ListedEvent): boolean;
}

/** What was found, the position after the last entry that was looked at, and whether nothing comes after it. */
export interface LoggedRead {
  readonly entries: Logged[];
  readonly position: string;
  readonly atEnd: boolean;
}

/** A position of the live log, and the key after which events are wanted. */
export function livePosition(position: string): { position: string; after: string } | undefined {
  const match = form.exec(position);
  return match?.[1] === undefined ? undefined : { position: match[1], after: match[2] ?? "" };
}

/**
 * The log as this process sees it: each poll reads some of the last seconds again, takes what it has not seen, and appends it
 * to all that it saw before. So one order holds for all who wait in this process, and the end is a position in it.
 */
export class LiveLog {
  readonly #clock: Clock;
  readonly #table: LogTable;
  #entries: Entry[] = [];
  /** The entries' keys. */
  #keys = new Set<string>();
  readonly #window = new LogWindow();
  /** Rows of what is not closed, and their time. */
  #seen = new Map<string, number>();
  /** Of what is not closed before the beginning: those that were seen there, and the time of their row. */
  #before = new Map<string, number>();
  #begin: { position: string; at: number } | undefined;
  #count = 0;
  #polledAt = 0;
  #polling: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  /** When the next poll was first asked for, and whether it is to be thorough. */
  #asked = { at: 0, thorough: false };

  constructor(clock: Clock, table: LogTable) {
    this.#clock = clock;
    this.#table = table;
  }

  /**
   * The position after all that is recorded as of this call: the poll takes its time, and what comes meanwhile is after it.
   * So is what was there with a row that is more than a second late.
   */
  async end(): Promise<string> {
    const now = this.#clock.now();
    const known = this.#entries.at(-1)?.position ?? "";
    await this.#poll(true);
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

  /** Rows before this time were all there ten seconds ago. */
  get closed(): number {
    return this.#window.closed;
  }

  /** Whether an event lies before the beginning. One whose row appeared there only afterwards does not: it comes as an entry. */
  isBefore(key: string, at: number): boolean {
    if (this.#keys.has(key)) return false;
    return at < this.#window.closed || this.#before.has(key);
  }

  /** Undefined where this log begins after the position. */
  async after(position: string, after: string, { limit, isWanted }: WantedEvents): Promise<LoggedRead | undefined> {
    if (this.#begin === undefined || this.#isIdle() || (this.#entries.at(-1)?.position ?? "") <= position) {
      await this.#poll();
    }
    if (position < this.#beginning().position) return undefined;
    const entries: Logged[] = [];
    let last = position;
    let at = this.#firstAfter(position);
    for (; at < this.#entries.length && entries.length < limit; at += 1) {
      const entry = this.#entries[at];
      if (entry === undefined) break;
      if (entry.key > after && isWanted(entry)) entries.push(entry);
      last = entry.position;
    }
    const atEnd = at >= this.#entries.length;
    return { entries, position: after === "" ? last : `${last}~${after}`, atEnd };
  }

  #beginning(): { position: string; at: number } {
    return this.#begin ?? { position: this.#position(), at: this.#window.high };
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
  #poll(thorough = false): Promise<void> {
    if (this.#next !== undefined) {
      this.#asked.thorough ||= thorough;
      return this.#next;
    }
    this.#asked = { at: this.#clock.now(), thorough };
    const promise = this.#polling.then(() => {
      this.#next = undefined;
      const asked = this.#asked;
      return this.#begin === undefined || this.#isIdle() ? this.#start(asked.at) : this.#readOn(asked.thorough);
    });
    this.#next = promise;
    this.#polling = promise.catch(() => {});
    return promise;
  }

  /** Begins after what had come by the time that the poll was asked for. */
  async #start(askedAt: number): Promise<void> {
    const newest = await Promise.all(this.#shards().map((pk) => this.#newestRows(pk)));
    const rows = newest.flat();
    this.#window.begin(rows.reduce((most, { at }) => Math.max(most, at), this.#window.high));
    this.#entries = [];
    this.#keys = new Set();
    this.#seen = new Map();
    this.#before = new Map();
    this.#begin = { position: this.#position(), at: this.#window.high };
    this.#take(rows, askedAt);
    this.#window.read([], askedAt, this.#clock.now());
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

  async #readOn(thorough: boolean): Promise<void> {
    const beganAt = this.#clock.now();
    const spans = this.#window.spans(beganAt, thorough);
    const reads = spans.flatMap((span) => this.#shards().map((pk) => this.#table.all({ pk, ...span })));
    this.#take((await Promise.all(reads)).flat().map(parseLogRow), 0);
    if (this.#window.read(spans, beganAt, this.#clock.now())) this.#forgetClosed();
  }

  /** Adds what was not seen before; of it, what had come before `since` lies before the beginning. */
  #take(rows: readonly LogRow[], since: number): void {
    const fresh = rows.filter((row) => {
      if (this.#seen.has(row.sk)) return false;
      this.#seen.set(row.sk, row.at);
      this.#window.saw(row);
      return true;
    });
    const entries = fresh
      .toSorted((one, other) => (one.sk < other.sk ? -1 : 1))
      .flatMap(({ at, entries: listed }) =>
        listed.map((one) => ({ ...one, at, cameAt: Math.max(at, keyTime(one.key)) })),
      )
      .sort((one, other) => one.cameAt - other.cameAt);
    for (const entry of entries) {
      if (entry.cameAt < since) {
        this.#before.set(entry.key, entry.at);
        continue;
      }
      this.#keys.add(entry.key);
      this.#entries.push({ ...entry, position: this.#position() });
    }
    this.#forget();
    this.#polledAt = this.#clock.now();
  }

  #forget(): void {
    const dropped = this.#entries.splice(0, this.#entries.length - entriesKept);
    const last = dropped.at(-1);
    if (last === undefined) return;
    for (const { key, at } of dropped) {
      this.#keys.delete(key);
      this.#before.set(key, at);
    }
    this.#begin = { position: last.position, at: Number(last.position.slice(0, 13)) };
  }

  #forgetClosed(): void {
    const { closed } = this.#window;
    for (const times of [this.#seen, this.#before]) for (const [name, at] of times) if (at < closed) times.delete(name);
  }

  /** The next position: no earlier than any row that was seen. */
  #position(): string {
    this.#count += 1;
    return `${timeKey(this.#window.high)}~${String(this.#count).padStart(12, "0")}`;
  }

  #shards(): string[] {
    return Array.from({ length: batchShards }, (_, shard) => logShard(shard));
  }
}
