import { expect, test } from "vitest";
import type { Engine } from "../../../../../lib/engine/engine.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };
const unordered = aRecord();
const ordered = aRecord({ ordered: "data.key" });
const of = (id: string, deliverAt?: string) =>
  anEvent({ id, data: { key: id.slice(0, 1) }, metadata: deliverAt === undefined ? {} : { deliverAt } });
const inTenSeconds = "2026-01-01T00:00:10.000Z";

const stateOf = async (engine: Engine, id: string) => (await engine.deliveries.pending?.(id))?.[0];

test("a key given later: what is delayed takes its place in order, and what was before it does not wait", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(unordered, now);
  await publish(engine, of("a1"));
  await publish(engine, of("a2", inTenSeconds));
  await publish(engine, of("a3"));
  await engine.subscriptions.put(ordered, now);
  const consumer = new TestConsumer(engine, "one");
  expect(await consumer.ids(1)).toEqual(["a1"]);
  expect(await stateOf(engine, "a2")).toMatchObject({ state: "waiting" });
  await consumer.settle();
  expect(await stateOf(engine, "a2")).toMatchObject({ state: "delayed", dueAt: inTenSeconds });
  await bench.clock.advance("10s");
  expect(await consumer.ids(1)).toEqual(["a2"]);
  await consumer.settle();
  expect(await consumer.ids(1)).toEqual(["a3"]);
  expect(bench.wrongDepths()).toEqual([]);
});

test("a key given later: the first of it stays delayed until it is due, as does what waits for its next attempt", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(unordered, now);
  const consumer = new TestConsumer(engine, "one", 3);
  for (const id of ["b1", "c1", "c2"]) await publish(engine, of(id));
  await publish(engine, of("a1", inTenSeconds));
  await publish(engine, of("a2"));
  await consumer.ids(3);
  const [b1, , c2] = [...consumer.held];
  consumer.room = 0;
  await consumer.settle({ kind: "released", afterMs: 5_000 }, b1);
  await consumer.settle({ kind: "retry", afterMs: 5_000, failure: failed(1) }, c2);
  await engine.subscriptions.put(ordered, now);
  expect(await stateOf(engine, "a1")).toMatchObject({ state: "delayed", dueAt: inTenSeconds });
  expect(await stateOf(engine, "a2")).toMatchObject({ state: "waiting" });
  expect(await stateOf(engine, "b1")).toMatchObject({ state: "delayed", dueAt: "2026-01-01T00:00:05.000Z" });
  expect(await stateOf(engine, "c2")).toMatchObject({ state: "delayed", attempts: 1 });
  expect(bench.wrongDepths()).toEqual([]);
  consumer.room = 10;
  await bench.clock.advance("5s");
  expect((await consumer.ids(3)).toSorted()).toEqual(["b1", "c1", "c2"]);
  await bench.clock.advance("5s");
  expect((await consumer.ids(4)).toSorted()).toEqual(["a1", "b1", "c1", "c2"]);
});

test("a key taken away: what waited behind it goes, and what is not due yet is delayed until then", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(ordered, now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, of("a1"));
  await publish(engine, of("a2", inTenSeconds));
  await publish(engine, of("a3"));
  expect(await consumer.ids(1)).toEqual(["a1"]);
  await engine.subscriptions.put(unordered, now);
  expect(await consumer.ids(2)).toEqual(["a1", "a3"]);
  expect(await stateOf(engine, "a2")).toMatchObject({ state: "delayed", dueAt: inTenSeconds });
  await bench.clock.advance("10s");
  expect(await consumer.ids(3)).toEqual(["a1", "a3", "a2"]);
  expect(bench.wrongDepths()).toEqual([]);
});
