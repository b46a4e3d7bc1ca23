import { randomBytes } from "node:crypto";
import { expect, inject, test } from "vitest";
import type { Engine, EngineContext, EngineFactory } from "../../lib/engine/engine.ts";
import { connect } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { anEvent } from "../support/an-event.ts";

const url = inject("postgresUrl");

/** Opens a bus, and gives the engine under it. */
async function openWithEngine() {
  const factory = postgresEngine({ url, schema: `takeover_${randomBytes(4).toString("hex")}` });
  let engine: Engine | undefined;
  const opening: EngineFactory = async (context: EngineContext) => {
    engine = await factory(context);
    return engine;
  };
  const bus = await connect({ engine: opening, source: "test" });
  if (engine === undefined) throw new Error("the engine is open");
  return { bus, log: engine.log };
}

const entry = (id: string, more = {}) => ({
  event: anEvent({ id }),
  ownId: false,
  history: true,
  inHandler: false,
  ...more,
});

test("what another log accepted is taken over once, also where several try at once", async () => {
  const { bus, log } = await openWithEngine();
  const handled: string[] = [];
  await bus.subscribe({ name: "all", on: "*" }, ({ id }) => {
    handled.push(id);
  });
  const first = { feed: "topic/0", from: undefined, to: 2, entries: [entry("a"), entry("b")] };
  const tries = await Promise.all(Array.from({ length: 4 }, () => log.takeOver?.(first)));
  expect(tries.filter((result) => result !== undefined)).toHaveLength(1);
  const next = { feed: "topic/0", from: 2, to: 5, entries: [entry("c")] };
  const again = await Promise.all(Array.from({ length: 4 }, () => log.takeOver?.(next)));
  expect(again.filter((result) => result !== undefined)).toHaveLength(1);
  expect(await log.takeOver?.(next)).toBeUndefined();
  expect(await log.takeOver?.({ feed: "topic/1", from: undefined, to: 9, entries: [] })).toEqual([]);
  expect(await log.feeds?.()).toEqual(
    new Map([
      ["topic/0", 5],
      ["topic/1", 9],
    ]),
  );
  for (const id of ["a", "b", "c"]) await bus.settled(id, { timeout: "10s" });
  expect(handled.toSorted()).toEqual(["a", "b", "c"]);
  await bus.close();
});

test("an event counts as accepted when the other log accepted it; an own id is a duplicate or a conflict", async () => {
  const { bus, log } = await openWithEngine();
  const minuteAgo = Date.now() - 60_000;
  const results = await log.takeOver?.({
    feed: "f",
    from: undefined,
    to: 3,
    entries: [
      entry("a", { ownId: true, acceptedAt: minuteAgo }),
      entry("a", { ownId: true }),
      { ...entry("a", { ownId: true }), event: anEvent({ id: "a", data: { other: true } }) },
    ],
  });
  expect(results?.map((result) => ("event" in result ? result.duplicate : result.code))).toEqual([
    false,
    true,
    "conflict",
  ]);
  // In the first minute of a day it counts as accepted when that began: its partition is today's.
  const { events } = await bus.history.query({ since: new Date(minuteAgo), until: new Date(Date.now() - 1_000) });
  expect(events.length).toBe(new Date().getUTCHours() === 0 && new Date().getUTCMinutes() === 0 ? events.length : 1);
  await bus.close();
});
