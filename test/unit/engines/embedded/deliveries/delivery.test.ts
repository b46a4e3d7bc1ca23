import { expect, test } from "vitest";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };

test("an event goes to each subscription that matches, and to no other", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ name: "tasks", on: ["task.*"] }), now);
  await engine.subscriptions.put(aRecord({ name: "memory", on: ["memory.*"] }), now);
  await engine.subscriptions.put(aRecord({ name: "urgent", where: { metadata: { priority: [1] } } }), now);
  const consumers = ["tasks", "memory", "urgent"].map((name) => new TestConsumer(engine, name));

  await publish(engine, anEvent({ id: "a", type: "task.created" }));
  await publish(engine, anEvent({ id: "b", type: "memory.created", metadata: { priority: 1 } }));

  expect(consumers.map(({ held }) => held.map(({ event }) => event.id))).toEqual([["a"], ["b"], ["b"]]);
});

test("what was collected while nobody consumed comes urgent first, then oldest first", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  for (const [id, priority] of [
    ["a", 5],
    ["b", 9],
    ["c", 1],
    ["d", 5],
    ["e", 1],
  ] as const) {
    await publish(engine, anEvent({ id, metadata: { priority } }));
  }
  const consumer = new TestConsumer(engine, "one");
  expect(await consumer.ids(5)).toEqual(["c", "e", "a", "d", "b"]);
});

test("an event that comes while others wait queues behind them", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ concurrency: 1 }), now);
  const consumer = new TestConsumer(engine, "one");
  for (const id of ["a", "b", "c"]) await publish(engine, anEvent({ id }));
  for (const id of ["a", "b", "c"]) {
    expect(await consumer.ids(1)).toEqual([id]);
    await consumer.settle();
  }
});

test("a slot that comes free goes to what waits, and not to what is published in that moment", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ concurrency: 1 }), now);
  const consumer = new TestConsumer(engine, "one");
  for (const id of ["a", "b"]) await publish(engine, anEvent({ id }));
  await Promise.all([consumer.settle(), publish(engine, anEvent({ id: "c" }))]);
  expect(await consumer.ids(1)).toEqual(["b"]);
});

test("`concurrency` bounds what two consumers hold together, and a consumer's capacity what it holds", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ concurrency: 5 }), now);
  const [small, large] = [new TestConsumer(engine, "one", 2), new TestConsumer(engine, "one", 10)];
  for (let number = 0; number < 20; number += 1) await publish(engine, anEvent({ id: `e${number}` }));
  await eventually("five are held", () => small.held.length + large.held.length === 5);
  expect(small.held.length).toBeLessThanOrEqual(2);
  expect(await engine.subscriptions.get("one")).toMatchObject({ running: 5, waiting: 15 });
  expect(bench.wrongDepths()).toEqual([]);
});

test("a delivery that failed comes again when it is due, with its failures and the next attempt's number", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a" }));
  await consumer.settle({ kind: "retry", afterMs: 1_000, failure: failed(1) });
  expect(await engine.deliveries.pending?.("a")).toEqual([
    {
      subscription: "one",
      eventId: "a",
      type: "task.created",
      state: "delayed",
      attempts: 1,
      dueAt: "2026-01-01T00:00:01.000Z",
      lastError: "it failed",
    },
  ]);
  await bench.clock.advance(999);
  expect(consumer.held).toEqual([]);
  await bench.clock.advance(1);
  await consumer.ids(1);
  expect(consumer.held[0]).toMatchObject({ attempt: 2, failures: [failed(1)] });
  expect(bench.wrongDepths()).toEqual([]);
});

test("a released delivery is queued again and its attempt is not counted", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a" }));
  await consumer.settle({ kind: "released" });
  await consumer.ids(1);
  expect(consumer.held[0]?.attempt).toBe(1);
});

test("a dead delivery leaves the queue for the dead letters with every failure", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a", data: { n: 1 } }));
  await consumer.settle({ kind: "retry", afterMs: 0, failure: failed(1) });
  await consumer.ids(1);
  await consumer.settle({ kind: "dead", failure: failed(2, "non_retriable") });
  const { deadLetters } = await engine.deadLetters.list({}, {});
  expect(deadLetters).toMatchObject([
    {
      subscription: "one",
      attempts: 2,
      reason: failed(2, "non_retriable"),
      failures: [failed(1), failed(2, "non_retriable")],
    },
  ]);
  expect(deadLetters[0]?.event).toEqual(anEvent({ id: "a", data: { n: 1 } }));
  expect(await engine.deliveries.pending?.("a")).toEqual([]);
  expect(await engine.subscriptions.get("one")).toMatchObject({ deadLetters: 1, running: 0 });
});

test("what a full backlog cannot take becomes a dead letter of that subscription alone", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ name: "bounded", maxBacklog: 2 }), now);
  await engine.subscriptions.put(aRecord({ name: "free" }), now);
  for (const id of ["a", "b", "c"]) await publish(engine, anEvent({ id }));
  const { deadLetters } = await engine.deadLetters.list({}, {});
  expect(
    deadLetters.map(({ subscription, event, reason, attempts }) => [subscription, event.id, reason.code, attempts]),
  ).toEqual([["bounded", "c", "overflow", 0]]);
  expect(await engine.subscriptions.get("free")).toMatchObject({ waiting: 3 });
});

test("a stored event that cannot be read becomes a dead letter, is reported, and stops no other", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  await publish(engine, anEvent({ id: "a" }));
  await publish(engine, anEvent({ id: "b" }));
  bench.write("UPDATE events SET body = '{\"id\":' WHERE id = 'a'");
  await engine.close();
  const next = await bench.open();
  const consumer = new TestConsumer(next, "one");
  expect(await consumer.ids(1)).toEqual(["b"]);
  expect((await next.deadLetters.list({}, {})).deadLetters).toMatchObject([
    { subscription: "one", reason: { code: "invalid_event" }, event: { id: "a", data: { stored: '{"id":' } } },
  ]);
  expect(bench.errors).toMatchObject([{ code: "unavailable" }]);
  expect(bench.wrongDepths()).toEqual([]);
});

test("events and deliveries outlast the process, retries that wait included", async () => {
  const bench = await Bench.make();
  const first = await bench.open();
  await first.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(first, "one", 1);
  for (const id of ["a", "b"]) await publish(first, anEvent({ id }));
  await consumer.settle({ kind: "retry", afterMs: 60_000, failure: failed(1) });
  consumer.room = 0;
  consumer.stop();
  if (consumer.held.length > 0) await consumer.settle({ kind: "released" });
  await first.close();

  const second = await bench.open();
  const next = new TestConsumer(second, "one");
  expect(await next.ids(1)).toEqual(["b"]);
  await bench.clock.advance(60_000);
  expect(await next.ids(2)).toEqual(["b", "a"]);
  expect(next.held[1]).toMatchObject({ attempt: 2, failures: [failed(1)] });
});

test("a closed engine refuses, and takes what was queued before with it", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const publishing = publish(engine, anEvent({ id: "a" }));
  await engine.close();
  await expect(publishing).resolves.toMatchObject({ duplicate: false });
  await expect(publish(engine, anEvent({ id: "b" }))).rejects.toMatchObject({ code: "closed" });
  await expect(engine.log.get("a")).rejects.toMatchObject({ code: "closed" });
  expect(bench.read("SELECT id FROM events")).toEqual([{ id: "a" }]);
});
