import { expect, test } from "vitest";
import type { Engine } from "../../../../../lib/engine/engine.ts";
import { markReplay } from "../../../../../lib/replay/replay-mark.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };

/** A time of delivery so many seconds after the clock's start. */
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString();
const delayed = (id: string, seconds: number, key = "", priority = 5) =>
  anEvent({ id, data: { key }, metadata: { deliverAt: at(seconds), priority } });

const stateOf = async (engine: Engine) => {
  const { waiting, delayed, running } = (await engine.subscriptions.get("one")) ?? {};
  return { waiting, delayed, running };
};

test("an event is delayed until its time, no attempt counted, and goes over then and not before", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, delayed("a", 10));
  await publish(engine, anEvent({ id: "b" }));
  expect(await consumer.ids(1)).toEqual(["b"]);
  expect(await engine.deliveries.pending?.("a")).toEqual([
    { subscription: "one", eventId: "a", type: "task.created", state: "delayed", attempts: 0, dueAt: at(10) },
  ]);
  await bench.clock.advance(9_999);
  expect(await stateOf(engine)).toEqual({ waiting: 0, delayed: 1, running: 1 });
  await bench.clock.advance(1);
  expect(await consumer.ids(2)).toEqual(["b", "a"]);
  expect(consumer.held[1]).toMatchObject({ attempt: 1, failures: [], acceptedAt: Date.UTC(2026, 0, 1) });
  await consumer.settle({ kind: "retry", afterMs: 1_000, failure: failed(1) }, consumer.held[1]);
  await bench.clock.advance(1_000);
  expect(await consumer.ids(2)).toEqual(["b", "a"]);
  expect(consumer.held[1]).toMatchObject({ attempt: 2 });
  expect(bench.wrongDepths()).toEqual([]);
});

test("a time that has come is at once, and costs no detour", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, delayed("a", 0));
  expect(consumer.held.map(({ event }) => event.id)).toEqual(["a"]);
});

test("nothing is polled for until it is due: one timer stands for the next, and no transaction runs", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  for (const [id, seconds] of [
    ["a", 50],
    ["b", 30],
    ["c", 40],
  ] as const) {
    await publish(engine, delayed(id, seconds));
  }
  const transactions = () => bench.read("SELECT changes FROM meta")[0]?.changes;
  const before = transactions();
  expect(bench.clock.nextDue).toBe(Date.parse(at(30)));
  await bench.clock.advance(29_999);
  expect(transactions()).toBe(before);
  await bench.clock.advance(1);
  expect(await consumer.ids(1)).toEqual(["b"]);
  await bench.clock.advance("10s");
  expect(await consumer.ids(2)).toEqual(["b", "c"]);
  await bench.clock.advance("10s");
  expect(await consumer.ids(3)).toEqual(["b", "c", "a"]);
});

test("a process wakes up for what another published, and for what fell due while none ran", async () => {
  const bench = await Bench.make();
  const [publisher, first] = [await bench.open(), await bench.open()];
  await publisher.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(first, "one");
  await publish(publisher, delayed("a", 10));
  await publish(publisher, delayed("b", 20));
  await publisher.close();
  await eventually("the other waits for it", () => bench.clock.nextDue === Date.parse(at(10)));
  await bench.clock.advance("10s");
  expect(await consumer.ids(1)).toEqual(["a"]);
  await consumer.settle();
  consumer.stop();
  await first.close();
  bench.clock.set(at(3_600));
  expect(await new TestConsumer(await bench.open(), "one").ids(1)).toEqual(["b"]);
});

test("a process that does not consume makes it wait for those who will", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  await publish(engine, delayed("a", 10));
  expect(await stateOf(engine)).toEqual({ waiting: 0, delayed: 1, running: 0 });
  await bench.clock.advance("10s");
  await eventually("it waits", async () => (await stateOf(engine)).waiting === 1);
  expect(await stateOf(engine)).toEqual({ waiting: 1, delayed: 0, running: 0 });
});

test("what falls due goes by priority, then by acceptance, before what was accepted later", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ concurrency: 1 }), now);
  const consumer = new TestConsumer(engine, "one", 0);
  await publish(engine, delayed("later", 20));
  await publish(engine, delayed("sooner", 10));
  await publish(engine, delayed("urgent", 15, "", 1));
  await publish(engine, anEvent({ id: "at once" }));
  expect(await stateOf(engine)).toEqual({ waiting: 1, delayed: 3, running: 0 });
  await bench.clock.advance("20s");
  await eventually("all are due", async () => (await stateOf(engine)).waiting === 4);
  consumer.room = 1;
  consumer.wake();
  for (const id of ["urgent", "later", "sooner", "at once"]) {
    expect(await consumer.ids(1)).toEqual([id]);
    await consumer.settle();
  }
});

test("more than one transaction makes ready fall due together", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ concurrency: 1_000 }), now);
  const ids = Array.from({ length: 600 }, (_, number) => `e${number}`);
  await Promise.all(ids.map((id) => publish(engine, delayed(id, 10))));
  expect(await stateOf(engine)).toEqual({ waiting: 0, delayed: 600, running: 0 });
  const consumer = new TestConsumer(engine, "one");
  const due = bench.clock.advance("10s");
  // The timer of the next batch is set while this one is written.
  await eventually("all have come", async () => {
    await due;
    await bench.clock.advance(0);
    return consumer.held.length === ids.length;
  });
  expect(consumer.held.map(({ event }) => event.id)).toEqual(ids);
  expect(bench.wrongDepths()).toEqual([]);
});

test("ordered: it holds its place in its key, whichever ends first, its turn or its time", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ ordered: "data.key" }), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a1", data: { key: "a" } }));
  await publish(engine, delayed("a2", 10, "a"));
  await publish(engine, delayed("a3", 10, "a"));
  await publish(engine, anEvent({ id: "a4", data: { key: "a" } }));
  await publish(engine, anEvent({ id: "b1", data: { key: "b" } }));
  expect(await consumer.ids(2)).toEqual(["a1", "b1"]);
  expect(await stateOf(engine)).toEqual({ waiting: 3, delayed: 0, running: 2 });
  expect((await engine.deliveries.pending?.("a2"))?.[0]).not.toHaveProperty("dueAt");
  await consumer.settle();
  expect(await engine.deliveries.pending?.("a2")).toMatchObject([{ state: "delayed", attempts: 0, dueAt: at(10) }]);
  expect(await stateOf(engine)).toEqual({ waiting: 2, delayed: 1, running: 1 });
  expect(bench.wrongDepths()).toEqual([]);
  await bench.clock.advance("10s");
  expect(await consumer.ids(2)).toEqual(["b1", "a2"]);
  // The time of the next has come meanwhile.
  await consumer.settle({ kind: "done" }, consumer.held[1]);
  expect(await consumer.ids(2)).toEqual(["b1", "a3"]);
  await consumer.settle({ kind: "dead", failure: failed(1) }, consumer.held[1]);
  expect(await consumer.ids(2)).toEqual(["b1", "a4"]);
  expect(bench.wrongDepths()).toEqual([]);
});

test("`maxBacklog` counts it while it waits; redriven from the dead letters it waits for its time as well", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ maxBacklog: 1 }), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, delayed("a", 10));
  await publish(engine, delayed("b", 10));
  const { deadLetters } = await engine.deadLetters.list({}, {});
  expect(deadLetters).toMatchObject([{ event: { id: "b" }, reason: { code: "overflow" } }]);
  await engine.deliveries.enqueue("one", [delayed("b", 10)], { redrivenFrom: deadLetters[0]?.id ?? "" });
  expect(await stateOf(engine)).toEqual({ waiting: 0, delayed: 2, running: 0 });
  await bench.clock.advance("10s");
  expect(await consumer.ids(2)).toEqual(["a", "b"]);
});

test("a replay before its time waits for it, and one after it is at once", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const event = delayed("a", 10);
  await publish(engine, event);
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await engine.deliveries.enqueue("one", [markReplay(event, "r1")], { replayId: "r1" });
  expect(await engine.deliveries.pending?.("a")).toMatchObject([{ state: "delayed", dueAt: at(10) }]);
  await bench.clock.advance("10s");
  await consumer.ids(1);
  await engine.deliveries.enqueue("one", [markReplay(event, "r2")], { replayId: "r2" });
  await consumer.ids(2);
  expect(consumer.held.map(({ replayId }) => replayId)).toEqual(["r1", "r2"]);
});

test("a subscription that starts in the past gets what history has, and not before its time", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await publish(engine, delayed("a", 10));
  await publish(engine, anEvent({ id: "b" }));
  await engine.subscriptions.put(aRecord({ from: "beginning" }), now);
  const consumer = new TestConsumer(engine, "one");
  expect(await consumer.ids(1)).toEqual(["b"]);
  await bench.clock.advance("10s");
  expect(await consumer.ids(2)).toEqual(["b", "a"]);
});

test("an event outside of history, or one that history would have forgotten, is kept until it is delivered", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ retention: 60_000 });
  await engine.subscriptions.put(aRecord(), now);
  await publish(engine, delayed("transient", 3_600), { history: false });
  await publish(engine, delayed("old", 3_600));
  expect(await stateOf(engine)).toEqual({ waiting: 0, delayed: 2, running: 0 });
  await bench.clock.advance("30m");
  await engine.close();
  const next = await bench.open({ retention: 60_000 });
  const consumer = new TestConsumer(next, "one");
  await bench.clock.advance("30m");
  expect(await consumer.ids(2)).toEqual(["transient", "old"]);
  for (const delivery of [...consumer.held]) await consumer.settle({ kind: "done" }, delivery);
  expect(bench.read("SELECT id FROM events WHERE history = 0")).toEqual([]);
});

test("a clock that is set back makes it wait no longer than it was to wait at first", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, delayed("a", 10));
  bench.clock.set("2025-01-01T00:00:00Z");
  await eventually("it is due by the new time", async () => {
    const [pending] = (await engine.deliveries.pending?.("a")) ?? [];
    return pending?.dueAt === "2025-01-01T00:00:10.000Z";
  });
  await bench.clock.advance("10s");
  expect(await consumer.ids(1)).toEqual(["a"]);
});

test("a clock that leaps ahead, as after a machine's sleep, brings what has fallen due without waiting for the timer", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, delayed("a", 3_600));
  expect(await stateOf(engine)).toEqual({ waiting: 0, delayed: 1, running: 0 });
  bench.clock.set(at(3_601));
  expect(await consumer.ids(1)).toEqual(["a"]);
});
