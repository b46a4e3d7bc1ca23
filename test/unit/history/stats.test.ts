import { expect, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { countByType } from "../../../lib/history/stats.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

const minute = 60_000;

/** A log with some events, one a type and minute from 2026-01-01T00:00:00Z on. */
async function counted(...types: readonly string[][]) {
  const clock = new ManualClock();
  const engine = new FakeEngine({ clock });
  for (const ofMinute of types) {
    for (const type of ofMinute) {
      const event = anEvent({ id: crypto.randomUUID(), type, time: "2001-01-01T00:00:00.000Z" });
      await engine.log.append({ event, ownId: false, history: true, inHandler: false });
    }
    await clock.advance(minute);
  }
  return engine;
}

test("counts by type, over all, sorted by type", async () => {
  const engine = await counted(["task.failed", "task.created"], ["task.created"]);
  expect(await countByType(engine.log, {})).toEqual([
    { type: "task.created", count: 2 },
    { type: "task.failed", count: 1 },
  ]);
});

test("by window of acceptance, whatever the events say of their time", async () => {
  const engine = await counted(["task.created", "task.created"], [], ["task.created"]);
  expect(await countByType(engine.log, { window: "1m" })).toEqual([
    { from: "2026-01-01T00:00:00.000Z", type: "task.created", count: 2 },
    { from: "2026-01-01T00:02:00.000Z", type: "task.created", count: 1 },
  ]);
});

test("since, until and type narrow it, and are left to the log", async () => {
  const engine = await counted(["task.created"], ["task.created", "task.failed"], ["task.created"]);
  const query = { since: "2026-01-01T00:01:00Z", until: "2026-01-01T00:02:00Z", type: "*.created" };
  expect(await countByType(engine.log, query)).toEqual([{ type: "task.created", count: 1 }]);
  expect(engine.calls("log.query")[0]?.[0]).toEqual(query);
});

test("all pages are counted", async () => {
  const engine = await counted(Array<string>(2_500).fill("task.created"));
  expect(await countByType(engine.log, {})).toEqual([{ type: "task.created", count: 2_500 }]);
  expect(engine.calls("log.query")).toHaveLength(3);
});

test("a page that cannot be read fails all: half a count is none", async () => {
  const engine = await counted(Array<string>(1_500).fill("task.created"));
  const down = new BusError("unavailable", "the store is down");
  const hold = engine.hold("log.query");
  const counting = countByType(engine.log, {});
  hold.end();
  engine.fail("log.query", down);
  hold.calls[0]?.release();
  await expect(counting).rejects.toBe(down);
});

test("a window that is not whole minutes is refused before anything is read", async () => {
  const engine = await counted(["task.created"]);
  await expect(countByType(engine.log, { window: "90s" })).rejects.toMatchObject({ code: "invalid_config" });
  expect(engine.calls("log.query")).toEqual([]);
});
