import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { HistoryQuery } from "../../../../../lib/engine/queries.ts";
import { acceptanceKey, keyTime } from "../../../../../lib/engines/aws/history/keys.ts";
import { oldestFirst } from "../../../../../lib/engines/aws/history/oldest-first.ts";
import type { KeyedEvent } from "../../../../../lib/engines/aws/history/posting-plan.ts";
import { historyFilter } from "../../../../../lib/history/history-filter.ts";
import { queryTime } from "../../../../../lib/runtime/query-time.ts";
import { anEvent } from "../../../../support/an-event.ts";

const dayMs = 86_400_000;
const now = Date.parse("2026-06-01T00:00:00Z");

/** Reads events as the table does: newest first, before a key. Counts the reads. */
function tableOf(events: readonly KeyedEvent[]) {
  const newestFirst = events.toSorted((one, other) => (one.key < other.key ? 1 : -1));
  const table = {
    reads: 0,
    async *select(query: HistoryQuery, before: string): AsyncGenerator<KeyedEvent, void, void> {
      table.reads += 1;
      const wants = historyFilter(query);
      const since = queryTime(query.since, "since") ?? 0;
      for (const one of newestFirst) {
        if (keyTime(one.key) < since) return;
        if (one.key < before && wants(one.event, keyTime(one.key))) yield one;
      }
    },
  };
  return table;
}

function eventsAt(times: readonly number[]): KeyedEvent[] {
  return times.map((at, n) => {
    const event = anEvent({
      id: `e${String(n).padStart(5, "0")}`,
      type: n % 5 === 4 ? "custom.other" : "task.created",
    });
    return { event, key: acceptanceKey(at, event.id) };
  });
}

/** All pages of what a query selects. */
async function allPages(
  table: ReturnType<typeof tableOf>,
  query: HistoryQuery,
  { limit = 256, endsNow = true, at = () => now } = {},
): Promise<KeyedEvent[][]> {
  const pages: KeyedEvent[][] = [];
  let cursor: string | undefined;
  do {
    const select = table.select.bind(table);
    const page = await oldestFirst(query, { now: at(), retentionMs: 30 * dayMs, limit, cursor, endsNow, select });
    expect(page.events.length).toBeLessThanOrEqual(limit);
    pages.push(page.events);
    cursor = page.cursor;
  } while (cursor !== undefined && pages.length < 10_000);
  return pages;
}

test("every event of the selection comes once, oldest first, however dense history is", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.integer({ min: 1, max: 29 * dayMs }), fc.constantFrom(5_000, 5_001)), { maxLength: 60 }),
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom(7, 40, 256),
      fc.constantFrom({}, { type: "task.*" }),
      async (ages, bursts, limit, query) => {
        const dense = Array.from({ length: bursts * 100 }, (_, n) => 7_000_000 + (n % 120));
        const events = eventsAt([...ages, ...dense].map((age) => now - age));
        const pages = await allPages(tableOf(events), query, { limit });
        const wants = historyFilter(query);
        const wanted = events.filter(({ event, key }) => wants(event, keyTime(key))).map(({ key }) => key);
        expect(pages.flat().map(({ key }) => key)).toEqual(wanted.sort());
      },
    ),
    { numRuns: 40 },
  );
});

test("more events of one millisecond than a page takes go over several pages", async () => {
  const events = eventsAt(Array<number>(700).fill(now - 5_000));
  const pages = await allPages(tableOf(events), {});
  expect(pages.map(({ length }) => length)).toEqual([256, 256, 188, 0]);
  expect(pages.flat()).toEqual(events);
});

test("what is accepted after the first page is left out where it ends now, and given where it does not", async () => {
  const table = tableOf(eventsAt([now - 2 * dayMs, now - dayMs, now, now + 5_000]));
  let clock = now;
  const at = () => {
    const is = clock;
    clock += 10_000;
    return is;
  };
  expect((await allPages(table, {}, { limit: 1, at })).flat()).toHaveLength(3);
  clock = now;
  expect((await allPages(table, {}, { limit: 1, at, endsNow: false })).flat()).toHaveLength(4);
});

test("since and until are kept, and an empty history ends soon", async () => {
  const table = tableOf(eventsAt([1, 2, 3, 4].map((days) => now - days * dayMs)));
  const query = { since: new Date(now - 3 * dayMs), until: new Date(now - dayMs) };
  expect((await allPages(table, query)).flat().map(({ key }) => keyTime(key))).toEqual([
    now - 3 * dayMs,
    now - 2 * dayMs,
  ]);
  const empty = tableOf([]);
  expect(await allPages(empty, {})).toEqual([[]]);
  expect(empty.reads).toBeLessThan(10);
});

test("a month in which only the last hours are full is read in few spans", async () => {
  const table = tableOf(eventsAt(Array.from({ length: 300 }, (_, n) => now - 7_200_000 + n * 24_000)));
  const pages = await allPages(table, {}, { limit: 100 });
  expect(pages.flat()).toHaveLength(300);
  expect(table.reads).toBeLessThan(30);
});

test.each(["x", "", Buffer.from("o1~2~3").toString("base64url")])("the cursor %j is refused", async (cursor) => {
  const { select } = tableOf([]);
  const page = oldestFirst({}, { now, retentionMs: dayMs, cursor, endsNow: true, select });
  await expect(page).rejects.toMatchObject({ code: "invalid_config" });
});
