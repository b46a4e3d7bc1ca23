import { expect, test } from "vitest";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { Bench, publish, TestConsumer } from "../bench.ts";

test("a transaction that claims as much as it ends leaves the depths as they are, which every process sees", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ concurrency: 1 }), { ephemeral: false });
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a" }));
  await consumer.ids(1);
  const row = () => bench.read("SELECT claimed, ready, changes FROM depths");
  const before = row();
  expect(before).toMatchObject([{ claimed: 1, ready: 0 }]);
  await Promise.all([consumer.settle(), publish(engine, anEvent({ id: "b" }))]);
  expect(await consumer.ids(1)).toEqual(["b"]);
  expect(row()).toEqual(before);
  expect(bench.wrongDepths()).toEqual([]);
  const other = await bench.open();
  await publish(other, anEvent({ id: "c" }));
  expect(await other.subscriptions.get("one")).toMatchObject({ running: 1, waiting: 1 });
  await consumer.settle();
  expect(await consumer.ids(1)).toEqual(["c"]);
  await consumer.settle();
  for (const one of [engine, other]) {
    expect(await one.subscriptions.get("one")).toMatchObject({ running: 0, waiting: 0 });
  }
  expect(bench.wrongDepths()).toEqual([]);
});
