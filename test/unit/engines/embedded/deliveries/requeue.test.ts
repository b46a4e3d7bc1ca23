import { expect, test } from "vitest";
import type { Engine } from "../../../../../lib/engine/engine.ts";
import { markReplay } from "../../../../../lib/replay/replay-mark.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };

/** Queues stored events again, by id. */
async function replay(engine: Engine, replayId: string, subscription: string, ids: readonly string[]): Promise<void> {
  await engine.deliveries.enqueue(
    subscription,
    ids.map((id) => markReplay(anEvent({ id }), replayId)),
    { replayId },
  );
}

async function redrive(engine: Engine, id: string): Promise<void> {
  const deadLetter = await engine.deadLetters.get(id);
  if (deadLetter === undefined) throw new Error(`there is no dead letter ${id}`);
  await engine.deliveries.enqueue(deadLetter.subscription ?? "", [deadLetter.event], { redrivenFrom: id });
}

/** Ends the consumer's first delivery as dead, and gives the id of its dead letter. */
async function deadLetter(engine: Engine, consumer: TestConsumer): Promise<string> {
  await consumer.ids(1);
  await consumer.settle({ kind: "dead", failure: failed(consumer.held[0]?.attempt ?? 1) });
  const { deadLetters } = await engine.deadLetters.list({}, {});
  return deadLetters[0]?.id ?? "";
}

test("a replay is delivered marked and in order, as a first attempt of now, and is no new history", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const ids = Array.from({ length: 600 }, (_, number) => `e${number}`);
  await Promise.all(ids.map((id) => publish(engine, anEvent({ id }))));
  await engine.subscriptions.put(aRecord({ concurrency: 1_000 }), now);
  await engine.subscriptions.put(aRecord({ name: "other" }), now);
  await bench.clock.advance("1h");
  await replay(engine, "r1", "one", ids);

  const consumer = new TestConsumer(engine, "one");
  expect(await consumer.ids(600)).toEqual(ids);
  expect(consumer.held[0]).toMatchObject({
    event: { metadata: { replay: { id: "r1" } } },
    attempt: 1,
    redriven: false,
    replayId: "r1",
    acceptedAt: bench.clock.now(),
  });
  expect(await engine.subscriptions.get("other")).toMatchObject({ waiting: 0 });
  expect((await engine.log.query({}, { limit: 1_000 })).events).toHaveLength(600);
  expect((await engine.log.get("e0"))?.metadata.replay).toBeUndefined();
  expect(await engine.deliveries.pending?.("e0")).toMatchObject([{ subscription: "one", state: "running" }]);
});

test("a replay of an event whose first delivery is still under way is a delivery of its own, in the key's order", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ ordered: "data.key" }), now);
  const consumer = new TestConsumer(engine, "one");
  const event = anEvent({ id: "a", data: { key: "k" } });
  await publish(engine, event);
  await engine.deliveries.enqueue("one", [markReplay(event, "r1")], { replayId: "r1" });
  expect(await consumer.ids(1)).toEqual(["a"]);
  expect(await engine.deliveries.pending?.("a")).toHaveLength(2);
  await consumer.settle();
  await consumer.ids(1);
  expect(consumer.held[0]?.event.metadata.replay).toEqual({ id: "r1" });
  expect(bench.wrongDepths()).toEqual([]);
});

test("the same event queued twice by one replay is one delivery", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await publish(engine, anEvent({ id: "a" }));
  await engine.subscriptions.put(aRecord(), now);
  await replay(engine, "r1", "one", ["a", "a"]);
  await replay(engine, "r1", "one", ["a"]);
  await replay(engine, "r2", "one", ["a"]);
  expect(await engine.subscriptions.get("one")).toMatchObject({ waiting: 2 });
  expect(bench.wrongDepths()).toEqual([]);
});

test("a replayed event that history has forgotten is stored until it is delivered, and no longer", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  await replay(engine, "r1", "one", ["of-another-log"]);
  const consumer = new TestConsumer(engine, "one");
  expect(await consumer.ids(1)).toEqual(["of-another-log"]);
  expect(consumer.held[0]?.event.metadata.replay).toEqual({ id: "r1" });
  expect(await engine.log.get("of-another-log")).toBeUndefined();
  await consumer.settle();
  expect(bench.read("SELECT id FROM events")).toEqual([]);
});

test("a forgotten event that is stored again for a replay is not marked for others", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  await replay(engine, "r1", "one", ["a"]);
  const at = "2026-01-01T00:00:00.000Z";
  await engine.deadLetters.put({
    id: "d1",
    subscription: "one",
    event: anEvent({ id: "a" }),
    reason: failed(1),
    attempts: 1,
    failures: [failed(1)],
    acceptedAt: at,
    deadAt: at,
  });
  await redrive(engine, "d1");
  await engine.close();
  // Opened again, so that the event is read from the file.
  const consumer = new TestConsumer(await bench.open(), "one");
  await consumer.ids(2);
  expect(consumer.held.map(({ event, replayId }) => [event.metadata.replay?.id, replayId])).toEqual([
    [undefined, undefined],
    ["r1", "r1"],
  ]);
  for (const delivery of [...consumer.held]) await consumer.settle({ kind: "done" }, delivery);
  expect(bench.read("SELECT id FROM events")).toEqual([]);
});

test("what a replay has no room for becomes dead letters of that replay, now; a redrive has room in any case", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  for (const id of ["a", "b", "c"]) await publish(engine, anEvent({ id }));
  await engine.subscriptions.put(aRecord({ maxBacklog: 1 }), now);
  await bench.clock.advance("1h");
  await replay(engine, "r1", "one", ["a", "b", "c"]);
  const { deadLetters } = await engine.deadLetters.list({}, {});
  const at = "2026-01-01T01:00:00.000Z";
  expect(deadLetters).toMatchObject(
    ["c", "b"].map((id) => ({
      subscription: "one",
      replayId: "r1",
      event: { id, metadata: { replay: { id: "r1" } } },
      reason: { code: "overflow", at, attempt: 0 },
      attempts: 0,
      acceptedAt: at,
      deadAt: at,
    })),
  );
  for (const { id } of deadLetters) await redrive(engine, id);
  expect(await engine.subscriptions.get("one")).toMatchObject({ waiting: 3, deadLetters: 0 });
  const consumer = new TestConsumer(engine, "one");
  await consumer.ids(3);
  for (const { replayId, event } of consumer.held) expect([replayId, event.metadata.replay?.id]).toEqual(["r1", "r1"]);
});

test("what is queued for a subscription that is gone is not found", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await publish(engine, anEvent({ id: "a" }));
  await expect(replay(engine, "r1", "one", ["a"])).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("no subscription one"),
  });
});

test("a redriven dead letter goes once more to the subscription it failed for, attempts anew, and only once", async () => {
  const bench = await Bench.make();
  const [engine, other] = [await bench.open(), await bench.open()];
  await engine.subscriptions.put(aRecord({ name: "one" }), now);
  await engine.subscriptions.put(aRecord({ name: "two" }), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a" }));
  const id = await deadLetter(engine, consumer);
  const results = await Promise.allSettled([redrive(engine, id), redrive(other, id)]);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(results.find(({ status }) => status === "rejected")).toMatchObject({
    reason: { code: "not_found", message: expect.stringContaining(`no dead letter ${id}`) },
  });
  await consumer.ids(1);
  expect(consumer.held).toMatchObject([{ event: { id: "a" }, attempt: 1, failures: [], redriven: true }]);
  expect(await engine.subscriptions.get("two")).toMatchObject({ waiting: 1 });
  expect(await engine.deadLetters.get(id)).toBeUndefined();
});

test("a dead letter of an event that is on its way to its subscription again is refused, and stays", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a" }));
  const id = await deadLetter(engine, consumer);
  const [first] = (await engine.deadLetters.list({}, {})).deadLetters;
  if (first === undefined) throw new Error("there is no dead letter");
  await engine.deadLetters.put({ ...first, id: "second" });
  await redrive(engine, id);
  await expect(redrive(engine, "second")).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("event a is on its way to one"),
  });
  expect(await engine.deadLetters.get("second")).toBeDefined();
});

test("a dead letter of a replay stays marked when it is redriven", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await publish(engine, anEvent({ id: "a" }));
  await engine.subscriptions.put(aRecord(), now);
  await replay(engine, "r1", "one", ["a"]);
  const consumer = new TestConsumer(engine, "one");
  const id = await deadLetter(engine, consumer);
  expect(await engine.deadLetters.get(id)).toMatchObject({ replayId: "r1" });
  await redrive(engine, id);
  await consumer.ids(1);
  expect(consumer.held[0]).toMatchObject({ replayId: "r1", event: { metadata: { replay: { id: "r1" } } } });
});

test("a dead letter whose event has left history is redriven from its own copy, which is gone after it", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ retention: 60_000 });
  await engine.subscriptions.put(aRecord({ name: "one", on: ["task.*"] }), now);
  await engine.subscriptions.put(aRecord({ name: "two", on: ["task.*"] }), now);
  const consumers = [new TestConsumer(engine, "one"), new TestConsumer(engine, "two")];
  await publish(engine, anEvent({ id: "a", data: { n: 1 } }));
  for (const consumer of consumers) await deadLetter(engine, consumer);
  await bench.clock.advance("3m");
  await eventually("it has left history", async () => (await engine.log.get("a")) === undefined);
  // One after the other, so that the second is read after the first has ended.
  for (const consumer of consumers) consumer.room = 0;
  for (const { id } of (await engine.deadLetters.list({}, {})).deadLetters) await redrive(engine, id);
  for (const consumer of consumers) {
    consumer.room = 1;
    consumer.wake();
    await consumer.ids(1);
    expect(consumer.held[0]?.event).toEqual(anEvent({ id: "a", data: { n: 1 } }));
    expect(await engine.log.get("a")).toBeUndefined();
    await consumer.settle();
  }
  expect(bench.read("SELECT id FROM events")).toEqual([]);
  expect(bench.wrongDepths()).toEqual([]);
});

test("a dead letter of a deleted subscription cannot be redriven, and stays", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  await publish(engine, anEvent({ id: "a" }));
  const id = await deadLetter(engine, new TestConsumer(engine, "one"));
  await engine.subscriptions.delete("one");
  await expect(redrive(engine, id)).rejects.toMatchObject({ code: "not_found" });
  expect(await engine.deadLetters.get(id)).toBeDefined();
});
