import { expect, test } from "vitest";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };

test("a clock that is set back makes no retry wait longer than it was to wait at first", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a" }));
  await consumer.settle({ kind: "retry", afterMs: 5_000, failure: failed(1) });
  bench.clock.set("2025-01-01T00:00:00Z");
  await eventually("it is due by the new time", async () => {
    const [pending] = (await engine.deliveries.pending?.("a")) ?? [];
    return pending?.dueAt === "2025-01-01T00:00:05.000Z";
  });
  await bench.clock.advance("5s");
  expect(await consumer.ids(1)).toEqual(["a"]);
});

test("a clock that was set back while no process ran is noticed when the bus is opened", async () => {
  const bench = await Bench.make();
  const before = await bench.open();
  await before.subscriptions.put(aRecord(), now);
  const first = new TestConsumer(before, "one");
  await publish(before, anEvent({ id: "a" }));
  await first.settle({ kind: "retry", afterMs: 5_000, failure: failed(1) });
  await before.close();
  bench.clock.set("2025-01-01T00:00:00Z");
  const consumer = new TestConsumer(await bench.open(), "one");
  await bench.clock.advance("5s");
  expect(await consumer.ids(1)).toEqual(["a"]);
});

test("a clock that leaps forward and back loses nothing: order and queries go on", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const times = ["2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "2026-01-01T00:00:01Z"];
  for (const [number, time] of times.entries()) {
    bench.clock.set(time);
    await publish(engine, anEvent({ id: `e${number}` }));
  }
  expect(await new TestConsumer(engine, "one").ids(4)).toEqual(["e0", "e1", "e2", "e3"]);
  expect((await engine.log.query({}, {})).events.map(({ event }) => event.id)).toEqual(["e3", "e2", "e1", "e0"]);
  const between = { since: "2025-12-31T00:00:00Z", until: "2026-01-02T00:00:00Z" };
  expect((await engine.log.query(between, {})).events.map(({ event }) => event.id)).toEqual(["e3", "e0"]);
});
