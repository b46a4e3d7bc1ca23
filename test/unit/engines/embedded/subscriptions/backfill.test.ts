import { expect, test } from "vitest";
import { openConnection } from "../../../../../lib/engines/embedded/storage/connection.ts";
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

test("while the backlog is full the most urgent of what is queued comes first, and filling goes on behind it", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  for (const [number, id] of numbered(0, 6).entries()) {
    await publish(engine, anEvent({ id, metadata: { priority: 9 - number } }));
  }
  await engine.subscriptions.put(aRecord({ from: "beginning", maxBacklog: 3, concurrency: 1 }), now);
  const consumer = new TestConsumer(engine, "one", 1);
  await eventually("all are handled", async () => {
    if (consumer.held.length > 0) await consumer.settle();
    return consumer.seen.length === 6;
  });
  expect(consumer.seen.map(({ event }) => event.id)).toEqual(["e2", "e3", "e4", "e5", "e1", "e0"]);
});

test("a step that cannot be written is taken again after the next commit", async () => {
  const bench = await Bench.make();
  const db = await openConnection({ file: bench.file, synchronous: "full", lockWaitMs: 1_000, random: Math.random });
  const engine = await bench.open({ db });
  // The file is polled from the first consumer on, and the first poll has all work gone on with.
  await engine.subscriptions.put(aRecord({ name: "two", on: ["other.*"] }), now);
  new TestConsumer(engine, "two");
  await Promise.all(numbered(0, 300).map((id) => publish(engine, anEvent({ id }))));
  await engine.subscriptions.put(aRecord({ from: "beginning", concurrency: 1_000 }), now);
  db.exec("CREATE TEMP TRIGGER fail BEFORE INSERT ON deliveries BEGIN SELECT RAISE(ABORT, 'no'); END");
  const consumer = new TestConsumer(engine, "one", 1_000);
  await eventually("a step has failed", () => bench.errors.length > 0);
  db.exec("DROP TRIGGER fail");
  await publish(engine, anEvent({ id: "e300" }));
  expect(await consumer.ids(301)).toEqual(numbered(0, 301));
});
