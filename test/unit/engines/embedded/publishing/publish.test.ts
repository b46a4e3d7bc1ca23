import { expect, test } from "vitest";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { Bench, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };

test("an id that is stored comes back as a duplicate, and with other content is a conflict that harms no other", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const first = anEvent({ id: "a", data: { x: 1, y: [1, { z: 2 }] } });
  const again = anEvent({ id: "a", data: { y: [1, { z: 2 }], x: 1 }, time: "2026-02-02T00:00:00.000Z" });
  const results = await Promise.allSettled([
    publish(engine, first),
    publish(engine, again),
    publish(engine, anEvent({ id: "a", data: { x: 2 } })),
    publish(engine, anEvent({ id: "b" })),
  ]);
  expect(results).toMatchObject([
    { status: "fulfilled", value: { duplicate: false } },
    { status: "fulfilled", value: { duplicate: true, event: first } },
    { status: "rejected", reason: { code: "conflict" } },
    { status: "fulfilled", value: { duplicate: false } },
  ]);
  expect(await engine.subscriptions.get("one")).toMatchObject({ waiting: 2 });
});

test("an event outside of history is delivered, is found by no query, and is deleted from the file afterwards", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ name: "one" }), now);
  await engine.subscriptions.put(aRecord({ name: "two" }), now);
  const consumer = new TestConsumer(engine, "one");
  expect(await publish(engine, anEvent({ id: "a" }), { history: false })).toMatchObject({ duplicate: false });
  expect(await engine.log.get("a")).toBeUndefined();
  expect((await engine.log.query({}, {})).events).toEqual([]);
  expect((await engine.log.readAfter(0, 10)).events).toEqual([]);
  expect(await engine.log.stats?.({})).toEqual([]);
  expect(await engine.deliveries.pending?.("a")).toHaveLength(2);
  await consumer.settle();
  expect(bench.read("SELECT id FROM events")).toEqual([{ id: "a" }]);
  const other = new TestConsumer(engine, "two");
  await other.ids(1);
  await other.settle();
  expect(bench.read("SELECT id FROM events")).toEqual([]);
  expect(bench.read("SELECT seq FROM transients")).toEqual([]);
});

test("an id given to an event outside of history still tells a duplicate from a conflict once it is delivered", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await publish(engine, anEvent({ id: "a", data: { x: 1, y: 2 } }), { history: false });
  expect(bench.read("SELECT id FROM events")).toEqual([]);
  expect(await publish(engine, anEvent({ id: "a", data: { y: 2, x: 1 } }), { history: false })).toMatchObject({
    duplicate: true,
  });
  await expect(publish(engine, anEvent({ id: "a", data: { x: 3 } }), { history: false })).rejects.toMatchObject({
    code: "conflict",
  });
});

test("a full intake refuses publishers, and never a handler", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ maxPending: 2 });
  const entry = (id: string, inHandler: boolean) =>
    engine.log.append({ event: anEvent({ id }), ownId: false, history: true, inHandler });
  const results = await Promise.allSettled([entry("a", false), entry("b", false), entry("c", false), entry("d", true)]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect(results[2]).toMatchObject({ reason: { code: "throttled", retryable: true } });
});
