import fc from "fast-check";
import { expect, test } from "vitest";
import type { Engine } from "../../../../../lib/engine/engine.ts";
import type { LogPage } from "../../../../../lib/engine/event-log.ts";
import type { HistoryQuery } from "../../../../../lib/engine/queries.ts";
import type { Event } from "../../../../../lib/event/event.ts";
import { historyFilter } from "../../../../../lib/history/history-filter.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { Bench, publish } from "../bench.ts";

interface Kept {
  readonly event: Event;
  readonly acceptedAt: number;
}

const types = ["task.created", "task.failed", "memory.created", "memory.failed"];
const allTypes = [...types, "early.made", "late.made"];
const start = Date.UTC(2026, 0, 1);
const at = (offset: number) => new Date(start + offset * 1_000).toISOString();

/** More than three blocks of events, with values that few or many share, and a clock that goes forward and back. */
async function fill(bench: Bench, engine: Engine): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (let group = 0; group < 45; group += 1) {
    // Forward mostly, and back a long way now and then.
    bench.clock.set(start + (group % 9 === 8 ? group * 500 : group * 1_000));
    const events = Array.from({ length: 20 }, (_, number) => {
      const n = group * 20 + number;
      return anEvent({
        id: `e${n}`,
        type: n % 100 > 0 ? (types[n % 4] ?? "") : n < 400 ? "early.made" : "late.made",
        source: n % 50 === 0 ? "rare" : "common",
        time: at((n * 7) % 900),
        data: { quotes: `"type":"task.created","agentId":"agent-1" ${n}` },
        metadata: {
          correlationId: n % 3 === 0 ? `e${n}` : `flow-${n % 40}`,
          ...(n % 5 === 0 ? { agentId: `agent-${n % 7}` } : {}),
          ...(n % 300 === 0 ? { userId: 'user "one" \\ é' } : {}),
          ...(n % 4 === 0 ? { causationId: `e${n - 4}` } : {}),
          ...(n % 6 === 0 ? { tags: n % 12 === 0 ? ["a", "b"] : ["a"] } : {}),
        },
      });
    });
    await Promise.all(events.map((event) => publish(engine, event)));
    for (const event of events) kept.push({ event, acceptedAt: bench.clock.now() });
  }
  return kept;
}

const paging = fc.record({
  limit: fc.integer({ min: 1, max: 400 }),
  order: fc.constantFrom("newest" as const, "oldest" as const, undefined),
  upToEvent: fc.option(fc.nat(899), { nil: undefined }),
});

/** Seldom there, so that most queries find something. */
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const offset = fc.integer({ min: -5, max: 950 }).map(at);
const queries: fc.Arbitrary<HistoryQuery> = fc
  .record({
    type: optional(
      fc.oneof(
        fc.constantFrom(...types, "none.here", "task.*", "*.failed", "*.made", "*"),
        fc.subarray(allTypes, { minLength: 1 }),
      ),
    ),
    source: optional(fc.constantFrom("rare", "common", "nobody")),
    correlationId: optional(fc.constantFrom("flow-1", "e3", "e4", "nothing")),
    causationId: optional(fc.constantFrom("e0", "e100", "e101")),
    agentId: optional(fc.constantFrom("agent-0", "agent-5", "agent-9")),
    userId: optional(fc.constantFrom('user "one" \\ é', "x")),
    tag: optional(fc.oneof(fc.constantFrom("a", "b", "c"), fc.constant(["a", "b"]))),
    ids: optional(fc.subarray(["e1", "e300", "e899", "absent"], { minLength: 1 })),
    since: optional(fc.integer({ min: -5, max: 50 }).map(at)),
    until: optional(fc.integer({ min: -5, max: 50 }).map(at)),
    happenedSince: optional(offset),
    happenedUntil: optional(offset),
  })
  .map((query) => Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)));

test("a query gives what reading every event would, in either order, up to any position, in pages that hold while events arrive", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const kept = await fill(bench, engine);
  let extra = 0;
  let notEmpty = 0;
  await fc.assert(
    fc.asyncProperty(queries, paging, async (query, { limit, order, upToEvent }) => {
      const wants = historyFilter(query);
      const upTo = await engine.log.position(upToEvent === undefined ? "end" : { eventId: `e${upToEvent}` });
      const expected = kept
        .slice(0, upToEvent === undefined ? kept.length : upToEvent + 1)
        .filter(({ event, acceptedAt }) => wants(event, acceptedAt))
        .map(({ event, acceptedAt }) => ({ id: event.id, acceptedAt }));
      const found: unknown[] = [];
      let cursor: string | undefined;
      do {
        const page: LogPage = await engine.log.query(query, {
          limit,
          ...(order === undefined ? {} : { order }),
          // Newest first a page is as of its call, so that nothing has to be said of the end.
          ...(order === "oldest" || upToEvent !== undefined ? { upTo } : {}),
          ...(cursor === undefined ? {} : { cursor }),
        });
        expect(page.events.length).toBeLessThanOrEqual(limit);
        found.push(...page.events.map(({ event, acceptedAt }) => ({ id: event.id, acceptedAt })));
        cursor = page.cursor;
        if (cursor !== undefined && extra < 40) {
          const event = anEvent({
            id: `late-${extra++}`,
            type: "late.arrived",
            source: "late",
            metadata: { correlationId: "late" },
          });
          await publish(engine, event);
          kept.push({ event, acceptedAt: bench.clock.now() });
        }
      } while (cursor !== undefined);
      expect(found).toEqual(order === "oldest" ? expected : expected.reverse());
      notEmpty += found.length > 0 ? 1 : 0;
    }),
    { numRuns: 200 },
  );
  expect(notEmpty).toBeGreaterThan(50);
});

test("a cursor goes on in its own order alone", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  for (const id of ["a", "b", "c"]) await publish(engine, anEvent({ id }));
  for (const [order, other, last] of [
    ["newest", "oldest", "a"],
    ["oldest", "newest", "c"],
  ] as const) {
    const { cursor = "" } = await engine.log.query({}, { order, limit: 2 });
    const rest = await engine.log.query({}, { order, cursor });
    expect(rest.events.map(({ event }) => event.id)).toEqual([last]);
    await expect(engine.log.query({}, { order: other, cursor })).rejects.toMatchObject({ code: "invalid_config" });
  }
});

test("`stats` counts whole and incomplete minutes alike, whatever the clock did", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const kept = await fill(bench, engine);
  const count = (since: number, until: number, type: string) =>
    kept.filter(({ event, acceptedAt }) => event.type === type && acceptedAt >= since && acceptedAt < until).length;
  for (const [since, until] of [
    [start, start + 60_000],
    [start + 3_000, start + 3_500],
    [start - 90_000, start + 7_500],
    [start + 1, start + 120_000],
  ] as const) {
    const rows = await engine.log.stats?.({ since: new Date(since), until: new Date(until) });
    expect(rows).toEqual(
      [...allTypes]
        .sort()
        .map((type) => ({ type, count: count(since, until, type) }))
        .filter((row) => row.count > 0),
    );
  }
  expect(await engine.log.stats?.({ window: "1m", type: "*.failed" })).toEqual([
    { from: at(0), type: "memory.failed", count: 225 },
    { from: at(0), type: "task.failed", count: 225 },
  ]);
});

test("a position in history: the end, an event, or a time; what comes after it is read in order", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const kept = await fill(bench, engine);
  const ids = kept.map(({ event }) => event.id);
  const after = async (position: number | string, limit = 1_000) =>
    (await engine.log.readAfter(position, limit)).events.map(({ event }) => event.id);
  const end = await engine.log.position("end");
  expect(await after(end)).toEqual([]);
  expect(await after(await engine.log.position({ eventId: "e10" }), 3)).toEqual(["e11", "e12", "e13"]);
  expect(await after(await engine.log.position({ time: 0 }))).toEqual(ids);
  for (const time of [start + 3_000, start + 30_500, start + 44_000]) {
    const first = kept.findIndex(({ acceptedAt }) => acceptedAt >= time);
    expect((await after(await engine.log.position({ time }), 1))[0]).toBe(ids[first]);
  }
  expect(await after(await engine.log.position({ time: start + 99_000_000 }))).toEqual([]);
  await expect(engine.log.position({ eventId: "absent" })).rejects.toMatchObject({ code: "not_found" });
  const read = await engine.log.readAfter(0, 100);
  expect(read.position).toBe(read.events.at(-1)?.position);
  expect(read.events.map(({ acceptedAt }) => acceptedAt)).toEqual(kept.slice(0, 100).map((one) => one.acceptedAt));
  expect((await engine.log.readAfter(end, 10)).position).toBe(end);
});

test("a flow's events come in order of acceptance, its first included", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  for (const id of ["root", "x", "y"]) {
    await publish(engine, anEvent({ id, metadata: { correlationId: id === "x" ? "x" : "root" } }));
  }
  await publish(engine, anEvent({ id: "elsewhere", metadata: { correlationId: "y" } }));
  expect((await engine.log.flow?.("root"))?.map(({ event }) => event.id)).toEqual(["root", "y"]);
  expect((await engine.log.flow?.("y"))?.map(({ event }) => event.id)).toEqual(["elsewhere"]);
});

test("a cursor of another bus, and a time that is not one, are refused by name", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await expect(engine.log.query({}, { cursor: "12" })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("cursor"),
  });
  await expect(engine.log.query({ since: "yesterday" }, {})).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("since"),
  });
});

test("one stored event that cannot be read is reported, and hides no other", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  for (const id of ["a", "b", "c"]) await publish(engine, anEvent({ id }));
  bench.write("UPDATE events SET body = 'gone' WHERE id = 'b'");
  expect((await engine.log.query({}, {})).events.map(({ event }) => event.id)).toEqual(["c", "a"]);
  expect((await engine.log.readAfter(0, 10)).events.map(({ event }) => event.id)).toEqual(["a", "c"]);
  expect(bench.errors).toHaveLength(2);
});
