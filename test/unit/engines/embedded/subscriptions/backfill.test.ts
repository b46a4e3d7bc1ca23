import { expect, test } from "vitest";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, number) => `e${from + number}`);

test("a subscription from the beginning gets what was kept, then goes on, while another process publishes: no gap, no double, in order", async () => {
  const bench = await Bench.make();
  const [one, two] = [await bench.open(), await bench.open()];
  await Promise.all(numbered(0, 1_000).map((id) => publish(one, anEvent({ id }))));
  let published = 1_000;
  let publishing = true;
  const publisher = (async () => {
    while (publishing) await publish(two, anEvent({ id: `e${published++}` }));
  })();
  await one.subscriptions.put(aRecord({ from: "beginning", concurrency: 5_000 }), now);
  const consumer = new TestConsumer(one, "one", 5_000);
  await eventually("it is live", () => bench.read("SELECT id FROM subscriptions WHERE backfill IS NULL").length === 1);
  const live = published;
  await eventually("some more were published", () => published > live + 20);
  publishing = false;
  await publisher;
  await eventually("all have come", () => consumer.held.length >= published);
  expect(consumer.held.map(({ event }) => event.id)).toEqual(numbered(0, published));
  expect(bench.wrongDepths()).toEqual([]);
});

test("a subscription from a time gets what was accepted since", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await publish(engine, anEvent({ id: "a" }));
  await bench.clock.advance("1h");
  await publish(engine, anEvent({ id: "b" }));
  await engine.subscriptions.put(aRecord({ from: "2026-01-01T00:30:00Z" }), now);
  expect(await new TestConsumer(engine, "one").ids(1)).toEqual(["b"]);
});

test("until all that was kept has come, its state says that more will, in every process", async () => {
  const bench = await Bench.make();
  const [one, two] = [await bench.open(), await bench.open()];
  await Promise.all(numbered(0, 600).map((id) => publish(one, anEvent({ id }))));
  await one.subscriptions.put(aRecord({ from: "beginning" }), now);
  for (const engine of [one, two]) expect(await engine.subscriptions.get("one")).toMatchObject({ backfilling: true });
  await eventually("it is live", () => bench.read("SELECT id FROM subscriptions WHERE backfill IS NULL").length === 1);
  for (const engine of [one, two]) {
    const state = await engine.subscriptions.get("one");
    expect(state).toMatchObject({ waiting: 600 });
    expect(state).not.toHaveProperty("backfilling");
  }
});

test("what is outside of history is not missed while a subscription is filled", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await Promise.all(numbered(0, 600).map((id) => publish(engine, anEvent({ id }))));
  const put = engine.subscriptions.put(aRecord({ from: "beginning", concurrency: 5_000 }), now);
  const extra = numbered(600, 700);
  await Promise.all([put, ...extra.map((id) => publish(engine, anEvent({ id }), { history: false }))]);
  const consumer = new TestConsumer(engine, "one", 5_000);
  await consumer.ids(700);
  expect(consumer.held.map(({ event }) => event.id)).toEqual(numbered(0, 700));
  for (const delivery of [...consumer.held]) await consumer.settle({ kind: "done" }, delivery);
  expect(bench.read("SELECT id FROM events WHERE history = 0")).toEqual([]);
});

test("filling stops at a full backlog and goes on with it: nothing that was kept becomes a dead letter", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await Promise.all(numbered(0, 50).map((id) => publish(engine, anEvent({ id }))));
  await engine.subscriptions.put(aRecord({ from: "beginning", maxBacklog: 8, concurrency: 2 }), now);
  await publish(engine, anEvent({ id: "e50" }));
  expect(await engine.deliveries.pending?.("e50")).toMatchObject([{ subscription: "one", state: "waiting" }]);
  const consumer = new TestConsumer(engine, "one", 2);
  await eventually("all are handled", async () => {
    if (consumer.held.length > 0) await consumer.settle();
    return consumer.seen.length === 51;
  });
  expect(consumer.seen.map(({ event }) => event.id)).toEqual(numbered(0, 51));
  expect((await engine.deadLetters.list({}, {})).deadLetters).toEqual([]);
});

test("another process goes on where the one that filled a subscription has ended", async () => {
  const bench = await Bench.make();
  const one = await bench.open();
  await Promise.all(numbered(0, 600).map((id) => publish(one, anEvent({ id }))));
  await one.subscriptions.put(aRecord({ from: "beginning", concurrency: 5_000 }), now);
  await one.close();
  const two = await bench.open();
  const consumer = new TestConsumer(two, "one", 5_000);
  expect(await consumer.ids(600)).toEqual(numbered(0, 600));
});
