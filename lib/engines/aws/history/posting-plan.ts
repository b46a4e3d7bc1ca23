import type { Event } from "../../../event/event.ts";
import { chunksOf } from "./chunks.ts";
import { eachValue, exactRows, type Field, fields } from "./fields.ts";
import { keyTime, longestSliceMs, postingPk, timeKey, ttlOf, typesPk } from "./keys.ts";
import { type Posting, postingRow } from "./postings.ts";
import type { Row } from "./row.ts";

/** An event and its key in the order of acceptance. */
export interface KeyedEvent {
  readonly event: Event;
  readonly key: string;
}

/** What this process wrote for one value and slice. */
interface Written {
  exact: number;
  wide: boolean;
}

/**
 * Lengths of a slice by the events a second that this process records: a slice that is read for one value has a few
 * thousand events, and what is frequent is written anew once a slice.
 */
const slices = [
  { from: 10, ms: 60_000 },
  { from: 1, ms: 600_000 },
  { from: 0, ms: longestSliceMs },
] as const;
/** Milliseconds over which the rate is taken. */
const rateOver = 60_000;
const dayMs = 86_400_000;
/** Values and slices remembered; forgetting costs a write each. */
const remembered = 50_000;
/** Keys of one row: it stays within a write unit of 1 KB. */
const keysOfRow = 16;

/** Says which rows a batch needs so that its events are found by their values, beyond those that this process has written. */
export class PostingPlan {
  readonly #retentionMs: number;
  readonly #now: () => number;
  readonly #written = new Map<string, Written>();
  #sliceMs: number = slices[0].ms;
  #since: number;
  #recorded = 0;

  constructor(options: { retentionMs: number; now: () => number }) {
    this.#retentionMs = options.retentionMs;
    this.#now = options.now;
    this.#since = options.now();
  }

  /** The rows of a batch; `written` has to be called once the table has them. */
  rows(batch: readonly KeyedEvent[]): { rows: Row[]; written: () => void } {
    this.#measure(batch.length);
    const rows: Row[] = [];
    const changes: (() => void)[] = [];
    for (const [name, { type, day }] of this.#types(batch)) {
      rows.push({ pk: typesPk, sk: type, ttl: ttlOf(day + dayMs, this.#retentionMs) });
      changes.push(() => this.#written.set(name, { exact: 0, wide: true }));
    }
    for (const [name, { field, keys, pk, slice }] of this.#group(batch)) {
      const before = this.#written.get(name) ?? { exact: 0, wide: false };
      if (before.wide) continue;
      const until = slice + this.#sliceMs;
      const ttl = ttlOf(until, this.#retentionMs);
      const parts = chunksOf(keys.sort(), keysOfRow);
      const exact = before.exact + parts.length <= exactRows(field);
      const postings: Posting[] = exact
        ? parts.map((part) => ({ keys: part }))
        : [{ from: timeKey(slice), to: timeKey(until) }];
      rows.push(...postings.map((posting) => postingRow(pk, posting, ttl)));
      changes.push(() => this.#written.set(name, { exact: before.exact + (exact ? parts.length : 0), wide: !exact }));
    }
    return {
      rows,
      written: () => {
        if (this.#written.size > remembered) this.#written.clear();
        for (const change of changes) change();
      },
    };
  }

  /** Each type once a day: a wildcard is looked up as the types that it stands for. */
  #types(batch: readonly KeyedEvent[]): Map<string, { type: string; day: number }> {
    const day = Math.floor(this.#now() / dayMs) * dayMs;
    const missing = new Map<string, { type: string; day: number }>();
    for (const { event } of batch) {
      const name = `${day} ${event.type}`;
      if (!this.#written.has(name)) missing.set(name, { type: event.type, day });
    }
    return missing;
  }

  #group(batch: readonly KeyedEvent[]): Map<string, { field: Field; pk: string; slice: number; keys: string[] }> {
    const groups = new Map<string, { field: Field; pk: string; slice: number; keys: string[] }>();
    for (const { event, key } of batch) {
      const acceptedAt = keyTime(key);
      const slice = Math.floor(acceptedAt / this.#sliceMs) * this.#sliceMs;
      eachValue(event, acceptedAt, (field, value) => {
        const pk = postingPk(fields[field], value);
        const name = `${slice}+${this.#sliceMs} ${pk}`;
        const group = groups.get(name);
        if (group === undefined) groups.set(name, { field, pk, slice, keys: [key] });
        else group.keys.push(key);
      });
    }
    return groups;
  }

  /** A process that has just begun takes the shortest slices: it does not know yet. */
  #measure(events: number): void {
    const elapsed = this.#now() - this.#since;
    if (elapsed >= rateOver) {
      const rate = (this.#recorded * 1_000) / elapsed;
      this.#sliceMs = slices.find(({ from }) => rate >= from)?.ms ?? longestSliceMs;
      this.#since = this.#now();
      this.#recorded = 0;
    }
    this.#recorded += events;
  }
}
