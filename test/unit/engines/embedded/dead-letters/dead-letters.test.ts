import { expect, test } from "vitest";
import { deadLetterOfUnpublished } from "../../../../../lib/delivery/dead-letter.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };

test("what was never published is kept as it is put, once, and can be deleted once", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const at = Date.parse("2026-01-01T00:00:00.000Z");
  const stamp = { id: "d1", acceptedAt: at, deadAt: at + 1 };
  const deadLetter = deadLetterOfUnpublished(anEvent({ id: "b" }), failed(0, "invalid_event"), stamp);
  await engine.deadLetters.put(deadLetter);
  await engine.deadLetters.put({ ...deadLetter, attempts: 7 });
  expect((await engine.deadLetters.list({}, {})).deadLetters).toEqual([deadLetter]);
  expect(await engine.deadLetters.get("d1")).toEqual(deadLetter);
  expect(await engine.deadLetters.delete("d1")).toBe(true);
  expect(await engine.deadLetters.delete("d1")).toBe(false);
  expect(await engine.deadLetters.get("d1")).toBeUndefined();
});

test("a dead letter put with a subscription and a replay comes back with both: another engine may keep its own here", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const event = anEvent({ id: "a", metadata: { replay: { id: "r9" } } });
  const deadLetter = {
    id: "d1",
    subscription: "elsewhere",
    replayId: "r9",
    event,
    reason: failed(2),
    attempts: 2,
    failures: [failed(1), failed(2)],
    acceptedAt: "2026-01-01T00:00:00.000Z",
    deadAt: "2026-01-01T00:00:01.000Z",
  };
  await engine.deadLetters.put(deadLetter);
  expect(await engine.deadLetters.get("d1")).toEqual(deadLetter);
});

test("dead letters are listed newest first, by every filter, in pages", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ name: "one" }), now);
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
    (await engine.deadLetters.list(query, {})).deadLetters.map(({ event }) => event.id);
  expect(await list({})).toEqual(["c", "b", "a"]);
  expect(await list({ type: "task.*" })).toEqual(["b", "a"]);
  expect(await list({ type: "task.failed" })).toEqual(["b"]);
  expect(await list({ code: "timeout" })).toEqual(["a"]);
  expect(await list({ correlationId: "flow" })).toEqual(["c"]);
  expect(await list({ eventId: "b", subscription: "one" })).toEqual(["b"]);
  expect(await list({ subscription: "two" })).toEqual([]);
  expect(await list({ since: "2026-01-01T00:01:00Z", until: "2026-01-01T00:02:00Z" })).toEqual(["b"]);
  const first = await engine.deadLetters.list({ type: "*.created" }, { limit: 1 });
  expect(first.deadLetters.map(({ event }) => event.id)).toEqual(["c"]);
  const second = await engine.deadLetters.list({ type: "*.created" }, { limit: 1, cursor: first.cursor ?? "" });
  expect(second.deadLetters.map(({ event }) => event.id)).toEqual(["a"]);
  expect(second.cursor).toBeUndefined();
});
