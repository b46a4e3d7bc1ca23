import { expect } from "vitest";
import { type Event, eventIdNames } from "../../../event/event.ts";
import type { HistoryPageOptions, HistoryQuery } from "../../queries.ts";
import type { ContractCase } from "../case.ts";
import type { CaseContext } from "../context.ts";

const noted = "custom.contract.noted";

const ids = (events: readonly Event[]) => events.map(({ id }) => id);

/** Ids of what a query of this case's flow finds, page by page. */
async function found(
  t: CaseContext,
  query: HistoryQuery & Pick<HistoryPageOptions, "order">,
  limit = 100,
): Promise<string[]> {
  const all: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await t.bus.history.query({
      correlationId: t.flow,
      ...query,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    all.push(...ids(page.events));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

/** Waits until a query of this case's flow finds these, newest first: an index may be a moment behind. */
async function findsIn(
  t: CaseContext,
  query: HistoryQuery,
  expected: readonly string[],
  limit?: number,
): Promise<void> {
  await t.eventually(`${JSON.stringify(query)} finds them`, async () => {
    expect(await found(t, query, limit), JSON.stringify(query)).toEqual(expected);
    return true;
  });
}

export const historyCases: readonly ContractCase[] = [
  {
    title: "get: the event, or nothing",
    run: async (t) => {
      const event = await t.publish(noted, { data: { text: "as it was" } });
      expect(await t.eventually("it is recorded", () => t.bus.history.get(event.id))).toEqual(event);
      expect(await t.bus.history.get("no-such-event")).toBeUndefined();
    },
  },
  {
    title: "query: newest first by order of acceptance, whatever the events say of their time",
    run: async (t) => {
      const times = ["2026-03-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"];
      const events = [];
      for (const time of times) events.push(await t.publish(noted, { time }));
      await t.recorded(events);
      await findsIn(t, {}, ids(events).reverse());
    },
  },
  {
    title: "query by type, several types and wildcards",
    run: async (t) => {
      const one = await t.publish("custom.contract.noted.one");
      const two = await t.publish("custom.contract.noted.two");
      const three = await t.publish("custom.contract.other.one");
      await t.recorded([one, two, three]);
      await findsIn(t, { type: "custom.contract.noted.one" }, [one.id]);
      await findsIn(t, { type: [two.type, three.type] }, [three.id, two.id]);
      await findsIn(t, { type: "custom.contract.noted.*" }, [two.id, one.id]);
      await findsIn(t, { type: ["*.one", two.type] }, [three.id, two.id, one.id]);
      await findsIn(t, { type: "*" }, [three.id, two.id, one.id]);
      await findsIn(t, { type: "custom.contract.noted" }, []);
    },
  },
  {
    title: "query by source, cause, tag, ids and each metadata id; all that is asked must hold",
    run: async (t) => {
      const plain = await t.publish(noted);
      const metadataIds = Object.fromEntries(eventIdNames.map((name) => [name, `${name} 1`]));
      const full = await t.publish(noted, {
        source: "reader",
        metadata: { ...metadataIds, causationId: plain.id, tags: ["slow", "large"] },
      });
      const other = await t.publish(noted, { metadata: { agentId: "agentId 2", tags: ["slow"] } });
      await t.recorded([plain, full, other]);
      await findsIn(t, { source: "reader" }, [full.id]);
      await findsIn(t, { causationId: plain.id }, [full.id]);
      await findsIn(t, { tag: "slow" }, [other.id, full.id]);
      await findsIn(t, { tag: ["slow", "large"] }, [full.id]);
      await findsIn(t, { tag: "small" }, []);
      await findsIn(t, { ids: [plain.id, other.id, "no-such-event"] }, [other.id, plain.id]);
      await findsIn(t, { ids: [] }, []);
      for (const name of eventIdNames) await findsIn(t, { [name]: `${name} 1` }, [full.id]);
      await findsIn(t, { agentId: "agentId 2", tag: "slow" }, [other.id]);
      await findsIn(t, { agentId: "agentId 2", tag: "large" }, []);
      const { events } = await t.bus.history.query({ correlationId: t.flow, source: "reader" });
      expect(events).toEqual([full]);
    },
  },
  {
    title: "query by when it was accepted and by when it happened: from, inclusive, until, exclusive",
    run: async (t) => {
      const start = await t.tick();
      const old = await t.publish(noted, { time: "2026-01-01T00:00:00Z" });
      const middle = await t.tick();
      const older = await t.publish(noted, { time: "2025-01-01T00:00:00.000Z" });
      await t.recorded([old, older]);
      const end = await t.tick();
      await findsIn(t, { since: start, until: end }, [older.id, old.id]);
      await findsIn(t, { since: middle }, [older.id]);
      await findsIn(t, { since: start.toISOString(), until: middle.toISOString() }, [old.id]);
      await findsIn(t, { since: end }, []);
      await findsIn(t, { happenedSince: "2026-01-01T00:00:00Z" }, [old.id]);
      await findsIn(t, { happenedUntil: "2026-01-01T00:00:00Z" }, [older.id]);
      await findsIn(t, { happenedSince: older.time, happenedUntil: new Date(old.time) }, [older.id]);
    },
  },
  {
    title: "query by when it happened, by all digits that its time has",
    run: async (t) => {
      const first = await t.publish(noted, { time: "2026-01-01T00:00:00.123400Z" });
      const second = await t.publish(noted, { time: "2026-01-01T00:00:00.1234567Z" });
      const third = await t.publish(noted, { time: "2026-01-01T00:00:00.123999999Z" });
      await t.recorded([first, second, third]);
      await findsIn(t, { happenedSince: first.time }, [third.id, second.id, first.id]);
      await findsIn(t, { happenedSince: "2026-01-01T00:00:00.12341Z" }, [third.id, second.id]);
      await findsIn(t, { happenedSince: second.time, happenedUntil: third.time }, [second.id]);
      await findsIn(t, { happenedSince: first.time, happenedUntil: "2026-01-01T00:00:00.1234Z" }, []);
      await findsIn(t, { happenedUntil: third.time }, [second.id, first.id]);
      await findsIn(t, { happenedSince: new Date("2026-01-01T00:00:00.123Z") }, [third.id, second.id, first.id]);
      await findsIn(t, { happenedSince: new Date("2026-01-01T00:00:00.124Z") }, []);
    },
  },
  {
    title: "pages fit together while events arrive: what was there is given once, and nothing newer",
    run: async (t) => {
      const events = [];
      for (let n = 0; n < 25; n += 1) events.push(await t.publish(noted, { data: { n } }));
      await t.recorded(events);
      const all: string[] = [];
      const sizes: number[] = [];
      let cursor: string | undefined;
      do {
        const page = await t.bus.history.query({
          correlationId: t.flow,
          limit: 10,
          ...(cursor === undefined ? {} : { cursor }),
        });
        all.push(...ids(page.events));
        sizes.push(page.events.length);
        cursor = page.cursor;
        for (let n = 0; n < 5; n += 1) await t.publishInTurn(noted, { data: { later: n } });
      } while (cursor !== undefined);
      expect(all).toEqual(ids(events).reverse());
      expect(sizes).toEqual([10, 10, 5]);
    },
  },
  {
    title: "pages of every size give the same; a filter with few hits finds them all",
    run: async (t) => {
      const all = [];
      const wanted = [];
      for (let n = 0; n < 30; n += 1) {
        const event = await t.publish(noted, { metadata: n % 10 === 3 ? { agentId: "rare", tags: ["rare"] } : {} });
        all.push(event);
        if (n % 10 === 3) wanted.push(event);
        await t.recorded([event]);
      }
      const newestFirst = ids(wanted).reverse();
      for (const limit of [1, 2, 3, 1_000]) {
        await findsIn(t, { agentId: "rare" }, newestFirst, limit);
        await findsIn(t, { tag: "rare", type: noted }, newestFirst, limit);
        await findsIn(t, {}, ids(all).reverse(), limit);
      }
    },
  },
  {
    title: "oldest first gives what newest first does, reversed, in pages of every size; a cursor is for one order",
    run: async (t) => {
      const events = [];
      for (let n = 0; n < 25; n += 1) {
        events.push(await t.publish(n % 5 === 0 ? "custom.contract.noted.fifth" : noted, { data: { n } }));
      }
      await t.recorded(events);
      const fifths = events.filter((_, n) => n % 5 === 0);
      for (const [query, wanted] of [
        [{}, events],
        [{ type: "custom.contract.noted.fifth" }, fifths],
        [{ type: "custom.contract.noted*" }, events],
      ] as const) {
        const newestFirst = ids(wanted).reverse();
        await findsIn(t, query, newestFirst);
        for (const limit of [1, 7, 25, 1_000]) {
          const oldestFirst = await found(t, { ...query, order: "oldest" }, limit);
          expect(oldestFirst, JSON.stringify({ query, limit })).toEqual(newestFirst.toReversed());
        }
      }
      const flow = { correlationId: t.flow, limit: 7 };
      for (const [order, other] of [
        ["newest", "oldest"],
        ["oldest", "newest"],
      ] as const) {
        const { cursor = "" } = await t.bus.history.query({ ...flow, order });
        expect(cursor).not.toBe("");
        await expect(t.bus.history.query({ ...flow, order: other, cursor })).rejects.toMatchObject({
          code: "invalid_config",
          message: expect.stringContaining("cursor"),
        });
      }
    },
  },
  {
    title: "a query that asks for what there is not is refused by name",
    run: async (t) => {
      const queries: readonly (readonly [query: object, named: string])[] = [
        [{ limit: 0 }, "limit"],
        [{ limit: 1_001 }, "limit"],
        [{ cursor: "no cursor of ours" }, "cursor"],
        [{ order: "urgent" }, "order"],
        [{ since: "yesterday" }, "since"],
        [{ agentID: "a" }, "agentID"],
      ];
      for (const [query, named] of queries) {
        await expect(t.bus.history.query(query), JSON.stringify(query)).rejects.toMatchObject({
          name: "BusError",
          code: "invalid_config",
          message: expect.stringContaining(named),
        });
      }
    },
  },
  {
    title: "stats: counts by type, over all or by window",
    run: async (t) => {
      const type = t.type("counted");
      const since = await t.tick();
      for (let n = 0; n < 3; n += 1) await t.publish(`${type}.one`);
      const last = await t.publish(`${type}.two`);
      await t.recorded([last]);
      const totals = [
        { type: `${type}.one`, count: 3 },
        { type: `${type}.two`, count: 1 },
      ];
      expect(
        await t.eventually("all are counted", async () => {
          const rows = await t.bus.history.stats({ type: `${type}.*` });
          return rows.reduce((sum, { count }) => sum + count, 0) === 4 && rows;
        }),
      ).toEqual(totals);
      expect(await t.bus.history.stats({ type: `${type}.two`, since })).toEqual([{ type: `${type}.two`, count: 1 }]);
      expect(await t.bus.history.stats({ type: `${type}.*`, until: since })).toEqual([]);
      const windows = await t.bus.history.stats({ type: `${type}.*`, window: "1m" });
      for (const { from } of windows) expect(Date.parse(from ?? "") % 60_000).toBe(0);
      for (const { type: counted, count } of totals) {
        const rows = windows.filter((row) => row.type === counted);
        expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(count);
      }
      await expect(t.bus.history.stats({ window: "90s" })).rejects.toMatchObject({ code: "invalid_config" });
    },
  },
];
