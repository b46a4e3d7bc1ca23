import { expect, test } from "vitest";
import { ProcessLock } from "../../../../../lib/engines/embedded/processes/process-lock.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };

/** Two processes on one new file. */
async function twoProcesses() {
  const bench = await Bench.make();
  return { bench, one: await bench.open(), two: await bench.open() };
}

/** A process, the only one on its file, with a consumer that holds a delivery of event "a". */
async function processAtWork() {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a" }));
  return { bench, engine, consumer };
}

test("two processes that open a new file at once both get the bus", async () => {
  const bench = await Bench.make();
  const [one, two] = await Promise.all([bench.open(), bench.open()]);
  await publish(one, anEvent({ id: "a" }));
  expect(await two.log.get("a")).toEqual(anEvent({ id: "a" }));
});

test("what one process publishes reaches the consumer of another, and is noticed there", async () => {
  const { one, two } = await twoProcesses();
  await two.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(two, "one");
  let changes = 0;
  two.watch(() => {
    changes += 1;
  });
  await publish(one, anEvent({ id: "a" }));
  expect(await consumer.ids(1)).toEqual(["a"]);
  expect(changes).toBeGreaterThan(0);
});

test("processes on one name share its work: each delivery goes to one, and `concurrency` holds for all together", async () => {
  const bench = await Bench.make();
  const engines = [await bench.open(), await bench.open()];
  const [one] = engines;
  if (one === undefined) throw new Error("no engine");
  await one.subscriptions.put(aRecord({ concurrency: 4 }), now);
  const consumers = engines.map((engine) => new TestConsumer(engine, "one", 3));
  const ids = Array.from({ length: 50 }, (_, number) => `e${number}`);
  await Promise.all(ids.map((id, number) => publish(engines[number % 2] ?? one, anEvent({ id }))));
  const seen = () => consumers.flatMap((consumer) => consumer.seen.map(({ event }) => event.id));
  await eventually("all are handled", async () => {
    expect(consumers.flatMap(({ held }) => held).length).toBeLessThanOrEqual(4);
    for (const consumer of consumers) if (consumer.held.length > 0) await consumer.settle();
    return seen().length === ids.length;
  });
  expect(seen().sort()).toEqual([...ids].sort());
  expect(consumers.every((consumer) => consumer.seen.length > 0)).toBe(true);
  expect(bench.wrongDepths()).toEqual([]);
});

test("a new, a changed and a deleted subscription are seen by every process with its next publish", async () => {
  const { one, two, bench } = await twoProcesses();
  await publish(two, anEvent({ id: "a" }));
  expect(await one.subscriptions.put(aRecord(), now)).toEqual({ created: true, changed: [] });
  const consumer = new TestConsumer(two, "one", 0);
  await publish(two, anEvent({ id: "b" }));
  expect(await one.subscriptions.put(aRecord({ on: ["memory.*"], attempts: 7 }), now)).toEqual({
    created: false,
    changed: ["on", "attempts"],
  });
  await publish(two, anEvent({ id: "c" }));
  expect(await two.subscriptions.get("one")).toMatchObject({ waiting: 1, record: { attempts: 7 } });
  expect(consumer.settings).toMatchObject({ attempts: 7 });
  expect(await one.subscriptions.delete("one")).toBe(true);
  expect(await one.subscriptions.delete("one")).toBe(false);
  await publish(two, anEvent({ id: "d", type: "memory.created" }));
  expect(await two.subscriptions.list()).toEqual([]);
  await eventually("its deliveries are gone", () => bench.read("SELECT seq FROM deliveries").length === 0);
  expect(consumer.settings).toBeUndefined();
});

test("what still runs when its subscription is deleted leaves nothing behind", async () => {
  const { engine, consumer } = await processAtWork();
  await engine.subscriptions.delete("one");
  await consumer.settle({ kind: "dead", failure: failed(1) });
  expect((await engine.deadLetters.list({}, {})).deadLetters).toEqual([]);
});

test("a subscription of a deleted one's name begins anew, and the old one's deliveries settle into nothing", async () => {
  const { engine, consumer } = await processAtWork();
  await engine.subscriptions.delete("one");
  await engine.subscriptions.put(aRecord(), now);
  await consumer.settle({ kind: "dead", failure: failed(1) });
  expect(await engine.subscriptions.get("one")).toMatchObject({ waiting: 0, running: 0, deadLetters: 0 });
  await publish(engine, anEvent({ id: "b" }));
  expect(await consumer.ids(1)).toEqual(["b"]);
});

/** Makes what an engine holds look like that of a process that was killed: its lock is free. */
async function abandon(bench: Bench, work: () => Promise<void>): Promise<void> {
  const before = new Set(bench.read("SELECT lock FROM processes").map(({ lock }) => lock));
  await work();
  const [process] = bench.read("SELECT id, lock FROM processes").filter(({ lock }) => !before.has(lock));
  bench.write(`UPDATE processes SET lock = 'of-a-process-that-is-gone' WHERE id = ${process?.id}`);
}

test("what a process held that is gone runs again, with the failure, and after the last attempt is dead", async () => {
  const bench = await Bench.make();
  const watcher = await bench.open();
  await watcher.subscriptions.put(aRecord({ attempts: 2 }), now);
  await abandon(bench, async () => {
    const engine = await bench.open({ processCheckMs: 60_000 });
    const consumer = new TestConsumer(engine, "one");
    await publish(engine, anEvent({ id: "a" }));
    await publish(engine, anEvent({ id: "b" }));
    await consumer.ids(2);
    await consumer.settle({ kind: "retry", afterMs: 0, failure: failed(1) });
    await eventually("the second attempt", () => consumer.held.some(({ attempt }) => attempt === 2));
  });
  const consumer = new TestConsumer(watcher, "one");
  expect(await consumer.ids(1)).toEqual(["b"]);
  expect(consumer.held[0]).toMatchObject({ attempt: 2, failures: [{ code: "process_ended", attempt: 1 }] });
  const { deadLetters } = await watcher.deadLetters.list({}, {});
  expect(deadLetters).toMatchObject([
    {
      event: { id: "a" },
      attempts: 2,
      reason: { code: "process_ended" },
      failures: [failed(1), { code: "process_ended", attempt: 2 }],
    },
  ]);
  expect(bench.wrongDepths()).toEqual([]);
});

test("an ephemeral subscription ends with its process, closed or gone; a named one stays", async () => {
  const bench = await Bench.make();
  const watcher = await bench.open();
  const names = async () => (await watcher.subscriptions.list()).map(({ record }) => record.name);
  const closing = await bench.open();
  await closing.subscriptions.put(aRecord({ name: "named" }), now);
  await closing.subscriptions.put(aRecord({ name: "closed" }), { ephemeral: true });
  await abandon(bench, async () => {
    const engine = await bench.open({ processCheckMs: 60_000 });
    await engine.subscriptions.put(aRecord({ name: "gone" }), { ephemeral: true });
  });
  await closing.close();
  await eventually("only the named one is left", async () => (await names()).join() === "named");
});

test("a lock is held for as long as its process wants, and by one at a time", async () => {
  const bench = await Bench.make();
  const lock = ProcessLock.take(bench.file);
  expect(ProcessLock.takeOver(bench.file, lock.name)).toBeUndefined();
  lock.release();
  const taken = ProcessLock.takeOver(bench.file, lock.name);
  expect(taken).toBeDefined();
  expect(ProcessLock.takeOver(bench.file, lock.name)).toBeUndefined();
  taken?.release();
});

test("a handler that outlives `close` keeps its delivery, and settles it", async () => {
  const { bench, engine, consumer } = await processAtWork();
  await engine.close();
  const other = await bench.open();
  const second = new TestConsumer(other, "one");
  await publish(other, anEvent({ id: "b" }));
  expect(await second.ids(1)).toEqual(["b"]);
  expect(await other.subscriptions.get("one")).toMatchObject({ running: 2 });
  await consumer.settle();
  expect(await other.subscriptions.get("one")).toMatchObject({ running: 1 });
  await eventually("its process is gone", () => bench.read("SELECT id FROM processes").length === 1);
});
