import { expect, test } from "vitest";
import type { Engine } from "../../../../../lib/engine/engine.ts";
import type { HistoryQuery } from "../../../../../lib/engine/queries.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };

async function replay(engine: Engine, id: string, query: HistoryQuery, to: string[], dryRun = false) {
  let events = 0;
  const deliveries: Record<string, number> = {};
  let cursor: string | undefined;
  do {
    const step = await engine.replayStep(id, query, to, { dryRun, ...(cursor === undefined ? {} : { cursor }) });
    events += step.events;
    for (const [name, count] of Object.entries(step.deliveries)) deliveries[name] = (deliveries[name] ?? 0) + count;
    cursor = step.cursor;
  } while (cursor !== undefined);
  return { events, deliveries };
}

test("a replay goes, marked and in order, to those named that match, and is no new history", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const ids = Array.from({ length: 600 }, (_, number) => `e${number}`);
  await Promise.all(ids.map((id) => publish(engine, anEvent({ id }))));
  await publish(engine, anEvent({ id: "other", type: "memory.created" }));
  await engine.putSubscription(aRecord({ name: "tasks", on: ["task.*"], concurrency: 1_000 }), now);
  await engine.putSubscription(aRecord({ name: "memory", on: ["memory.*"] }), now);
  await engine.putSubscription(aRecord({ name: "unnamed" }), now);
  const counts = { events: 601, deliveries: { tasks: 600, memory: 1 } };
  expect(await replay(engine, "r1", {}, ["tasks", "memory"], true)).toEqual(counts);
  expect(await engine.getSubscription("tasks")).toMatchObject({ waiting: 0 });
  expect(await replay(engine, "r1", {}, ["tasks", "memory"])).toEqual(counts);

  const consumer = new TestConsumer(engine, "tasks");
  expect(await consumer.ids(600)).toEqual(ids);
  expect(consumer.held[0]).toMatchObject({
    event: { metadata: { replay: { id: "r1" } } },
    attempt: 1,
    redriven: false,
    acceptedAt: bench.clock.now(),
  });
  expect(await engine.getSubscription("unnamed")).toMatchObject({ waiting: 0 });
  expect((await engine.query({}, { limit: 1_000 })).events).toHaveLength(601);
  expect((await engine.get("e0"))?.metadata.replay).toBeUndefined();
  expect(await engine.pending("e0")).toMatchObject([{ subscription: "tasks", state: "running" }]);
});

test("what arrives while a replay goes on is not replayed", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  for (let number = 0; number < 300; number += 1) await publish(engine, anEvent({ id: `e${number}` }));
  await engine.putSubscription(aRecord(), now);
  const first = await engine.replayStep("r1", {}, ["one"], { dryRun: false });
  expect(first.cursor).toBeDefined();
  for (let number = 0; number < 300; number += 1) await publish(engine, anEvent({ id: `new-${number}` }));
  const second = await engine.replayStep("r1", {}, ["one"], { dryRun: false, cursor: first.cursor ?? "" });
  expect(first.events + second.events).toBe(300);
  expect(second.cursor).toBeUndefined();
  await expect(engine.replayStep("r1", {}, ["one"], { dryRun: true, cursor: "e12" })).rejects.toMatchObject({
    code: "invalid_config",
  });
});

test("a replay of an event whose first delivery is still under way is a delivery of its own, in the key's order", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.putSubscription(aRecord({ ordered: "data.key" }), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a", data: { key: "k" } }));
  await replay(engine, "r1", {}, ["one"]);
  expect(await consumer.ids(1)).toEqual(["a"]);
  expect(await engine.pending("a")).toHaveLength(2);
  await consumer.settle();
  await consumer.ids(1);
  expect(consumer.held[0]?.event.metadata.replay).toEqual({ id: "r1" });
  expect(bench.wrongDepths()).toEqual([]);
});

async function deadLetter(engine: Engine, consumer: TestConsumer): Promise<string> {
  await consumer.ids(1);
  await consumer.settle({ kind: "dead", failure: failed(consumer.held[0]?.attempt ?? 1) });
  const { deadLetters } = await engine.listDeadLetters({}, {});
  return deadLetters[0]?.id ?? "";
}

test("a redriven dead letter goes once more to the subscription it failed for, attempts anew, and only once", async () => {
  const bench = await Bench.make();
  const [engine, other] = [await bench.open(), await bench.open()];
  await engine.putSubscription(aRecord({ name: "one" }), now);
  await engine.putSubscription(aRecord({ name: "two" }), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a" }));
  const id = await deadLetter(engine, consumer);
  const results = await Promise.allSettled([engine.redriveDeadLetter(id), other.redriveDeadLetter(id)]);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(results.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "not_found" } });
  await consumer.ids(1);
  expect(consumer.held).toMatchObject([{ event: { id: "a" }, attempt: 1, failures: [], redriven: true }]);
  expect(await engine.getSubscription("two")).toMatchObject({ waiting: 1 });
  expect(await engine.getDeadLetter(id)).toBeUndefined();
});

test("a dead letter of a replay stays marked when it is redriven", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await publish(engine, anEvent({ id: "a" }));
  await engine.putSubscription(aRecord(), now);
  await replay(engine, "r1", {}, ["one"]);
  const consumer = new TestConsumer(engine, "one");
  await engine.redriveDeadLetter(await deadLetter(engine, consumer));
  await consumer.ids(1);
  expect(consumer.held[0]?.event.metadata.replay).toEqual({ id: "r1" });
});

test("a dead letter whose event has left history is redriven from its own copy, which is gone after it", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ retention: 60_000 });
  await engine.putSubscription(aRecord({ name: "one", on: ["task.*"] }), now);
  await engine.putSubscription(aRecord({ name: "two", on: ["task.*"] }), now);
  const consumers = [new TestConsumer(engine, "one"), new TestConsumer(engine, "two")];
  await publish(engine, anEvent({ id: "a", data: { n: 1 } }));
  for (const consumer of consumers) await deadLetter(engine, consumer);
  await bench.clock.advance("3m");
  await eventually("it has left history", async () => (await engine.get("a")) === undefined);
  // One after the other, so that the second is read after the first has ended.
  for (const consumer of consumers) consumer.room = 0;
  for (const { id } of (await engine.listDeadLetters({}, {})).deadLetters) await engine.redriveDeadLetter(id);
  for (const consumer of consumers) {
    consumer.room = 1;
    consumer.wake();
    await consumer.ids(1);
    expect(consumer.held[0]?.event).toEqual(anEvent({ id: "a", data: { n: 1 } }));
    expect(await engine.get("a")).toBeUndefined();
    await consumer.settle();
  }
  expect(bench.read("SELECT id FROM events")).toEqual([]);
  expect(bench.wrongDepths()).toEqual([]);
});

test("a dead letter of a deleted subscription, or of none, cannot be redriven, and says why", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.putSubscription(aRecord(), now);
  await publish(engine, anEvent({ id: "a" }));
  const id = await deadLetter(engine, new TestConsumer(engine, "one"));
  await engine.deleteSubscription("one");
  await expect(engine.redriveDeadLetter(id)).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("was deleted"),
  });
  const letter = await engine.addDeadLetter(anEvent({ id: "b" }), failed(0, "invalid_event"));
  expect(letter).toMatchObject({ event: { id: "b" }, attempts: 0 });
  expect(letter.subscription).toBeUndefined();
  await expect(engine.redriveDeadLetter(letter.id)).rejects.toMatchObject({ code: "conflict" });
  await expect(engine.redriveDeadLetter("absent")).rejects.toMatchObject({ code: "not_found" });
  expect(await engine.discardDeadLetter(letter.id)).toBe(true);
  expect(await engine.discardDeadLetter(letter.id)).toBe(false);
});

test("dead letters are listed newest first, by every filter, in pages", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.putSubscription(aRecord({ name: "one" }), now);
  const consumer = new TestConsumer(engine, "one");
  for (const [id, type] of [
    ["a", "task.created"],
    ["b", "task.failed"],
    ["c", "memory.created"],
  ] as const) {
    await publish(engine, anEvent({ id, type, metadata: { correlationId: id === "c" ? "flow" : id } }));
    await consumer.ids(1);
    await consumer.settle({ kind: "dead", failure: failed(1, id === "a" ? "timeout" : "handler_error") });
    await bench.clock.advance("1m");
  }
  const list = async (query: object) =>
    (await engine.listDeadLetters(query, {})).deadLetters.map(({ event }) => event.id);
  expect(await list({})).toEqual(["c", "b", "a"]);
  expect(await list({ type: "task.*" })).toEqual(["b", "a"]);
  expect(await list({ type: "task.failed" })).toEqual(["b"]);
  expect(await list({ code: "timeout" })).toEqual(["a"]);
  expect(await list({ correlationId: "flow" })).toEqual(["c"]);
  expect(await list({ eventId: "b", subscription: "one" })).toEqual(["b"]);
  expect(await list({ subscription: "two" })).toEqual([]);
  expect(await list({ since: "2026-01-01T00:01:00Z", until: "2026-01-01T00:02:00Z" })).toEqual(["b"]);
  const first = await engine.listDeadLetters({ type: "*.created" }, { limit: 1 });
  expect(first.deadLetters.map(({ event }) => event.id)).toEqual(["c"]);
  const second = await engine.listDeadLetters({ type: "*.created" }, { limit: 1, cursor: first.cursor ?? "" });
  expect(second.deadLetters.map(({ event }) => event.id)).toEqual(["a"]);
});
