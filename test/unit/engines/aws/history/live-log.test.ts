import fc from "fast-check";
import { expect, test } from "vitest";
import { timeKey } from "../../../../../lib/engines/aws/history/keys.ts";
import { encodeEntry } from "../../../../../lib/engines/aws/history/listed-event.ts";
import { parseLogRow } from "../../../../../lib/engines/aws/history/log.ts";
import type { Item } from "../../../../../lib/engines/aws/history/row.ts";
import type { Span } from "../../../../../lib/engines/aws/history/table.ts";
import { TableLog } from "../../../../../lib/engines/aws/history/table-log.ts";
import { createIds } from "../../../../../lib/event/id.ts";
import { ManualClock } from "../../../../../lib/testing/manual-clock.ts";

/** A row of the log: its time, when it can be read after that, and how many events it lists. */
const aRow = fc.record({
  at: fc.nat(40_000),
  lateMs: fc.oneof(fc.nat(200), fc.nat(9_000)),
  shard: fc.nat(3),
  events: fc.integer({ min: 1, max: 40 }),
});

/** Rows at times of their own; a read that is not consistent sees what was there some time ago. */
class LaggingTable {
  readonly #clock: ManualClock;
  readonly #lagMs: () => number;
  readonly rows: { readonly from: number; readonly pk: string; readonly sk: string; readonly item: Item }[] = [];

  constructor(clock: ManualClock, lagMs: () => number) {
    this.#clock = clock;
    this.#lagMs = lagMs;
  }

  /** The events of all rows that can be read. */
  keys(): Set<string> {
    const there = this.rows.filter(({ from }) => from <= this.#clock.now());
    return new Set(there.flatMap(({ item }) => parseLogRow(item).entries.map(({ key }) => key)));
  }

  async all({ pk, from = "", to = ":", consistent, newestFirst }: Span): Promise<Item[]> {
    const until = this.#clock.now() - (consistent === true ? 0 : this.#lagMs());
    const found = this.rows
      .filter((row) => row.pk === pk && row.sk >= from && row.sk < to && row.from <= until)
      .sort((one, other) => (one.sk < other.sk ? -1 : 1))
      .map(({ item }) => item);
    return newestFirst === true ? found.reverse() : found;
  }

  async *query(span: Span): AsyncGenerator<Item[], void, void> {
    const all = await this.all(span);
    for (let at = 0; at < all.length; at += 5) yield all.slice(at, at + 5);
  }

  get(): Promise<undefined> {
    throw new Error("no event is read");
  }
}

test("whatever rows are late and copies lag behind, each event comes once to all who read", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(aRow, { minLength: 1, maxLength: 40, size: "max" }),
      fc.infiniteStream(fc.nat(2_500)),
      fc.nat(50_000),
      fc.nat(50_000),
      fc.integer({ min: 1, max: 100 }),
      async (plan, numbers, liveFrom, pastFrom, limit) => {
        const next = () => numbers.next().value ?? 0;
        const clock = new ManualClock();
        const begin = clock.now();
        const table = new LaggingTable(clock, next);
        const all: string[] = [];
        const veryLate = new Set<string>();
        for (const [index, { at, lateMs, shard, events }] of plan.entries()) {
          const nextId = createIds({ now: () => begin + at });
          const keys = Array.from({ length: events }, () => `${timeKey(begin + at)}.${nextId()}`);
          all.push(...keys);
          if (lateMs > 1_000) for (const key of keys) veryLate.add(key);
          const sk = `${timeKey(begin + at)}.${String(index).padStart(12, "0")}.0`;
          const e = { L: keys.map((key) => ({ S: encodeEntry({ key }) })) };
          const pk = `log#${shard}`;
          table.rows.push({ from: begin + at + lateMs, pk, sk, item: { pk: { S: pk }, sk: { S: sk }, e } });
        }
        const log = new TableLog({ clock }, table, { keysOf: async () => [] });
        const reader = (from: string) => {
          const seen: string[] = [];
          let position = from;
          const read = async () => {
            const { entries, ...rest } = await log.after(position, limit, () => true);
            expect(rest.position >= position).toBe(true);
            position = rest.position;
            seen.push(...entries.map(({ key }) => key));
            return rest.atEnd;
          };
          return { seen, read };
        };
        let live: ReturnType<typeof reader> | undefined;
        let past: ReturnType<typeof reader> | undefined;
        let missed = new Set<string>();
        let atEnd = "";
        while (clock.now() < begin + 90_000) {
          clock.set(clock.now() + 50 + next());
          if (live === undefined && clock.now() >= begin + liveFrom) {
            missed = table.keys();
            atEnd = timeKey(clock.now());
            live = reader(await log.end());
          }
          // From the past on, in small steps: it falls behind the other, and has to catch up.
          if (clock.now() >= begin + pastFrom) past ??= reader(log.fromTime(0));
          await Promise.all([live?.read(), past?.read()]);
        }
        // Who has fallen behind catches up, and polls on until nothing can be late any more.
        for (let poll = 0; poll < 20; poll += 1) {
          for (const one of [live, past]) while ((await one?.read()) === false);
          clock.set(clock.now() + 1_000);
        }
        expect(past?.seen.toSorted()).toEqual(all.toSorted());
        // What was there may count as new where it came in the very millisecond of the call, or is more than a second late.
        const isClear = (key: string) => !key.startsWith(atEnd) && !(missed.has(key) && veryLate.has(key));
        expect(live?.seen.filter(isClear).toSorted()).toEqual(
          all.filter((key) => isClear(key) && !missed.has(key)).toSorted(),
        );
      },
    ),
    { numRuns: 20 },
  );
});
