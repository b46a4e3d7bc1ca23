import { expect, test } from "vitest";
import type { Engine } from "../../../../../lib/engine/engine.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };
const minute = 60_000;

async function publishMany(engine: Engine, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, number) => from + number);
  await Promise.all(
    numbers.map((n) =>
      publish(
        engine,
        anEvent({
          id: `e${n}`,
          type: n % 2 === 0 ? "task.created" : "task.failed",
          metadata: { agentId: `agent-${n}` },
        }),
      ),
    ),
  );
}

const ids = async (engine: Engine) =>
  (await engine.log.query({}, { limit: 1_000 })).events.map(({ event }) => event.id);

test("what is older than the retention goes, with all that was kept to find it, and no younger event does", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ retention: 10 * minute });
  await publishMany(engine, 0, 700);
  await bench.clock.advance("8m");
  await publishMany(engine, 700, 720);
  await bench.clock.advance("3m");
  await eventually("the old are gone", async () => (await ids(engine)).length === 20);
  expect(await engine.log.stats?.({})).toEqual([
    { type: "task.created", count: 10 },
    { type: "task.failed", count: 10 },
  ]);
  expect((await engine.log.query({ agentId: "agent-705" }, {})).events).toHaveLength(1);
  expect((await engine.log.query({ type: "task.*" }, {})).events).toHaveLength(20);
  await bench.clock.advance("8m");
  await eventually("all are gone", async () => (await ids(engine)).length === 0);
  for (const table of ["events", "postings", "blocks", "stats"])
    expect(bench.read(`SELECT * FROM ${table}`)).toEqual([]);
  expect(bench.errors).toEqual([]);
});

test("an event that is not delivered everywhere is spared, and goes once it is", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ retention: 10 * minute });
  await engine.subscriptions.put(aRecord({ concurrency: 1 }), now);
  await publishMany(engine, 0, 3);
  const consumer = new TestConsumer(engine, "one");
  await consumer.ids(1);
  await consumer.settle({ kind: "done" });
  await consumer.ids(1);
  await consumer.settle({ kind: "retry", afterMs: 30 * minute, failure: failed(1) });
  await consumer.ids(1);
  await bench.clock.advance("12m");
  await eventually("the delivered one is gone", async () => (await ids(engine)).join() === "e2,e1");
  await bench.clock.advance("20m");
  for (const _ of [1, 2]) {
    await consumer.ids(1);
    await consumer.settle();
  }
  await bench.clock.advance("1m");
  await eventually("all are gone", async () => (await ids(engine)).length === 0);
});

test("what a subscription is still to be filled with is spared", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ retention: 10 * minute });
  await publishMany(engine, 0, 10);
  await engine.subscriptions.put(aRecord({ from: "beginning", maxBacklog: 2, concurrency: 1 }), now);
  await bench.clock.advance("12m");
  const consumer = new TestConsumer(engine, "one", 1);
  await eventually("all are handled", async () => {
    if (consumer.held.length > 0) await consumer.settle();
    return consumer.seen.length === 10 && consumer.held.length === 0;
  });
  await bench.clock.advance("1m");
  await eventually("all are gone", async () => (await ids(engine)).length === 0);
});

test("an id published again after its event has left history is not handled again before `dedupeFor` is over", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ retention: minute });
  await engine.subscriptions.put(aRecord({ name: "once", dedupeFor: 60 * minute }), now);
  await engine.subscriptions.put(aRecord({ name: "always", idempotent: false }), now);
  await engine.subscriptions.put(aRecord({ name: "dead", dedupeFor: 60 * minute }), now);
  const [once, always, dead] = ["once", "always", "dead"].map((name) => new TestConsumer(engine, name));
  const again = async (from: string) => {
    await publish(engine, anEvent({ id: "a" }));
    await bench.clock.advance(0);
    const held = [once, always, dead].map((consumer) => consumer?.held.length);
    for (const consumer of [once, always])
      if (consumer !== undefined && consumer.held.length > 0) await consumer.settle();
    if (dead !== undefined && dead.held.length > 0) await dead.settle({ kind: "dead", failure: failed(1) });
    await bench.clock.advance("3m");
    await eventually(`it has left history, ${from}`, async () => (await engine.log.get("a")) === undefined);
    return held;
  };
  expect(await again("first")).toEqual([1, 1, 1]);
  // Where it is dead it has not succeeded.
  expect(await again("second")).toEqual([0, 1, 1]);
  await bench.clock.advance("1h");
  expect(await again("third")).toEqual([1, 1, 1]);
});

test("an id published again after its event has left history is delivered to a subscription made in between", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ retention: minute });
  await engine.subscriptions.put(aRecord({ name: "early", dedupeFor: 60 * minute }), now);
  const early = new TestConsumer(engine, "early");
  await publish(engine, anEvent({ id: "a" }));
  await early.settle();
  await engine.subscriptions.put(aRecord({ name: "late", dedupeFor: 60 * minute }), now);
  const late = new TestConsumer(engine, "late");
  await bench.clock.advance("3m");
  await eventually("it has left history", async () => (await engine.log.get("a")) === undefined);
  await publish(engine, anEvent({ id: "a" }));
  expect(await late.ids(1)).toEqual(["a"]);
  expect(early.held).toEqual([]);
});

test("an id that Waggle gave leaves nothing behind, since it never comes again", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ retention: minute });
  await engine.subscriptions.put(aRecord({ dedupeFor: 60 * minute, concurrency: 100 }), now);
  const consumer = new TestConsumer(engine, "one");
  const append = (id: string, ownId: boolean) =>
    engine.log.append({ event: anEvent({ id }), ownId, history: true, inHandler: false });
  await Promise.all([append("ours", false), append("own", true)]);
  await consumer.ids(2);
  for (const delivery of [...consumer.held]) await consumer.settle({ kind: "done" }, delivery);
  await bench.clock.advance("3m");
  await eventually("both have left history", async () => (await ids(engine)).length === 0);
  expect(bench.read("SELECT id FROM seen")).toEqual([{ id: "own" }]);
});

test("an event that failed, left history and was redriven has succeeded: its id is not handled again", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ retention: minute });
  await engine.subscriptions.put(aRecord({ dedupeFor: 60 * minute }), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a" }));
  await consumer.settle({ kind: "dead", failure: failed(1) });
  await bench.clock.advance("3m");
  await eventually("it has left history", async () => (await engine.log.get("a")) === undefined);
  const { deadLetters } = await engine.deadLetters.list({}, {});
  for (const { id, event } of deadLetters) await engine.deliveries.enqueue("one", [event], { redrivenFrom: id });
  await consumer.ids(1);
  await consumer.settle();
  expect(await publish(engine, anEvent({ id: "a" }))).toMatchObject({ duplicate: false });
  await publish(engine, anEvent({ id: "b" }));
  await eventually("what came after it is handed over", () => consumer.held.length > 0);
  expect(consumer.held.map(({ event }) => event.id)).toEqual(["b"]);
});

test("an id outside of history is forgotten with the retention", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ retention: minute });
  await publish(engine, anEvent({ id: "a" }), { history: false });
  await bench.clock.advance("3m");
  await eventually("it is forgotten", () => bench.read("SELECT id FROM seen").length === 0);
  expect(await publish(engine, anEvent({ id: "a", data: { other: 1 } }), { history: false })).toMatchObject({
    duplicate: false,
  });
});

test("a stored event that cannot be read goes with its time like any other", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ retention: minute });
  await publishMany(engine, 0, 2);
  bench.write("UPDATE events SET body = 'gone' WHERE id = 'e1'");
  await bench.clock.advance("3m");
  await eventually("both are gone", () => bench.read("SELECT id FROM events").length === 0);
});
