import { expect, test } from "vitest";
import type { Engine } from "../../../../../lib/engine/engine.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };
const flow = { correlationId: "flow" };

async function oneEnded(bench: Bench, retention?: number): Promise<{ engine: Engine; consumer: TestConsumer }> {
  const engine = await bench.open({ retention });
  await engine.subscriptions.put(aRecord({ concurrency: 1_000 }), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a", metadata: flow }));
  await consumer.settle();
  return { engine, consumer };
}

/** The lines that are not rows yet. */
function tail(bench: Bench): string[] {
  return String(bench.read("SELECT outcomes FROM meta")[0]?.outcomes)
    .split("\n")
    .filter((line) => line !== "");
}

test("what transactions end of a block is a few short rows, and each is found by its flow", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ concurrency: 1_000 }), now);
  await engine.subscriptions.put(aRecord({ name: "two", concurrency: 1_000 }), now);
  const consumers = [new TestConsumer(engine, "one"), new TestConsumer(engine, "two")];
  const startedAt = bench.clock.now();
  await Promise.all(
    Array.from({ length: 300 }, (_, n) =>
      publish(engine, anEvent({ id: `e${n}`, metadata: { correlationId: `f${n % 7}` } })),
    ),
  );
  for (const consumer of consumers) await consumer.ids(300);
  await bench.clock.advance(40);
  await Promise.all(
    consumers.flatMap(({ held }) => held.map((one) => engine.deliveries.settle(one, { kind: "done" }, startedAt + 10))),
  );
  const rows = bench.read(
    "SELECT length(data) AS length FROM outcomes UNION ALL SELECT length(outcomes) FROM meta WHERE outcomes <> ''",
  );
  expect(rows.length).toBeLessThanOrEqual(60);
  expect(rows.reduce((sum, { length }) => sum + Number(length), 0) / 600).toBeLessThan(15);
  const ended = (await engine.deliveries.ended?.("f3")) ?? [];
  const ids = Array.from({ length: 300 }, (_, n) => n)
    .filter((n) => n % 7 === 3)
    .map((n) => `e${n}`);
  for (const subscription of ["one", "two"]) {
    const own = ended.filter((one) => one.subscription === subscription);
    expect(own.map(({ eventId }) => eventId).sort()).toEqual([...ids].sort());
  }
  expect(
    new Set(ended.map(({ outcome, attempts, ranMs, totalMs }) => `${outcome} ${attempts} ${ranMs} ${totalMs}`)),
  ).toEqual(new Set(["done 1 30 40"]));
  expect(ended[0]).toEqual({
    subscription: expect.any(String),
    eventId: expect.any(String),
    outcome: "done",
    attempts: 1,
    failures: [],
    endedAt: "2026-01-01T00:00:00.040Z",
    ranMs: 30,
    totalMs: 40,
  });
});

test("retries, a redrive and another process are told in the order in which they ended", async () => {
  const bench = await Bench.make();
  const { engine, consumer } = await oneEnded(bench);
  await publish(engine, anEvent({ id: "b", metadata: flow }));
  await consumer.settle({ kind: "retry", afterMs: 1_000, failure: failed(1) });
  await bench.clock.advance("1s");
  await consumer.ids(1);
  await consumer.settle({ kind: "dead", failure: failed(2, "timeout") });
  const { deadLetters } = await engine.deadLetters.list({}, {});
  const [deadLetter] = deadLetters;
  await engine.deliveries.enqueue("one", [anEvent({ id: "b" })], { redrivenFrom: deadLetter?.id ?? "" });
  await bench.clock.advance("1s");
  await consumer.ids(1);
  await consumer.settle();
  const other = await bench.open();
  const told = (await other.deliveries.ended?.("flow")) ?? [];
  expect(told.map(({ eventId, outcome, attempts, totalMs }) => [eventId, outcome, attempts, totalMs])).toEqual([
    ["a", "done", 1, 0],
    ["b", "dead", 2, 1_000],
    ["b", "done", 1, 1_000],
  ]);
  expect(told[1]?.failures).toEqual([
    { code: "handler_error", message: "it failed", count: 1 },
    { code: "timeout", message: "it failed", count: 1 },
  ]);
});

test("they go with the events of their block, and none is kept of what history does not keep", async () => {
  const bench = await Bench.make();
  const { engine, consumer } = await oneEnded(bench, 60_000);
  await publish(engine, anEvent({ id: "delta", metadata: flow }), { history: false });
  await consumer.settle();
  expect(await engine.deliveries.ended?.("flow")).toMatchObject([{ eventId: "a" }]);
  expect(tail(bench)).toHaveLength(1);
  await bench.clock.advance("3m");
  await eventually("they are gone", async () => (await engine.deliveries.ended?.("flow"))?.length === 0);
});

test("a row that cannot be read is reported, and hides no other", async () => {
  const bench = await Bench.make();
  const { engine, consumer } = await oneEnded(bench);
  await publish(engine, anEvent({ id: "b", metadata: flow }));
  await consumer.settle();
  const [first, second] = tail(bench);
  bench.write(`UPDATE meta SET outcomes = char(10) || '${first?.replace("{", ":")}' || char(10) || '${second}'`);
  expect(await engine.deliveries.ended?.("flow")).toMatchObject([{ eventId: "b" }]);
  bench.write("INSERT INTO outcomes VALUES (0, 0, 'one 0:1,2'), (1, 0, '[[\"one\",[0]'), (2, 0, 'one')");
  expect(await engine.deliveries.ended?.("flow")).toMatchObject([{ eventId: "b" }]);
  const about = (text: string) => ({ code: "unavailable", message: expect.stringContaining(text) });
  expect(bench.errors).toMatchObject([
    about("what is no number"),
    about("what is no number"),
    about("a list of outcomes is not JSON"),
    about("a line that is none"),
    about("what is no number"),
  ]);
});

test("first attempts that succeed go on with one line, until they are many enough for a row", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ concurrency: 1_000 }), now);
  const consumer = new TestConsumer(engine, "one");
  const startedAt = bench.clock.now();
  await Promise.all(Array.from({ length: 300 }, (_, n) => publish(engine, anEvent({ id: `e${n}`, metadata: flow }))));
  await consumer.ids(300);
  for (const [index, delivery] of consumer.held.entries()) {
    if (index % 2 === 0) await bench.clock.advance(1);
    await engine.deliveries.settle(delivery, { kind: "done" }, startedAt + 1, bench.clock.now());
  }
  expect(bench.read("SELECT id FROM outcomes").length).toBeGreaterThan(0);
  expect(tail(bench).length).toBeLessThan(3);
  const told = (await engine.deliveries.ended?.("flow")) ?? [];
  const after = (endedAt: string) => Date.parse(endedAt) - startedAt;
  expect(told.map(({ eventId, ranMs, totalMs, endedAt }) => [eventId, ranMs, totalMs, after(endedAt)])).toEqual(
    consumer.held.map(({ event }, index) => {
      const ranMs = Math.floor(index / 2);
      return [event.id, ranMs, ranMs + 1, ranMs + 1];
    }),
  );
});

test("two processes that take turns mix up neither their subscriptions nor their times", async () => {
  const bench = await Bench.make();
  const names = ["one", "two"] as const;
  const processes = await Promise.all(
    names.map(async (name) => {
      const engine = await bench.open();
      await engine.subscriptions.put(aRecord({ name, concurrency: 1_000 }), now);
      return { engine, name };
    }),
  );
  const consumers = processes.map(({ engine, name }) => new TestConsumer(engine, name));
  const [{ engine } = { engine: await bench.open() }] = processes;
  for (let n = 0; n < 4; n += 1) await publish(engine, anEvent({ id: `e${n}`, metadata: flow }));
  for (const consumer of consumers) await consumer.ids(4);
  const expected: unknown[] = [];
  for (let n = 0; n < 4; n += 1) {
    for (const [index, consumer] of consumers.entries()) {
      const [delivery] = consumer.held;
      await bench.clock.advance(5);
      expected.push([names[index], delivery?.event.id, bench.clock.now()]);
      if (delivery !== undefined) {
        consumer.held.shift();
        await processes[index]?.engine.deliveries.settle(delivery, { kind: "done" }, bench.clock.now());
      }
    }
  }
  const told = (await engine.deliveries.ended?.("flow")) ?? [];
  expect(told.map((one) => [one.subscription, one.eventId, Date.parse(one.endedAt)])).toEqual(expected);
});

test("what becomes rows late is not kept of a block that is gone", async () => {
  const bench = await Bench.make();
  const { engine, consumer } = await oneEnded(bench, 60_000);
  await Promise.all(Array.from({ length: 256 }, (_, n) => publish(engine, anEvent({ id: `e${n}` }))));
  await consumer.ids(256);
  await consumer.settleAll();
  await bench.clock.advance("3m");
  await eventually("all are gone", () => bench.read("SELECT block FROM blocks").length === 0);
  expect(bench.read("SELECT id FROM outcomes")).toEqual([]);
  bench.write("UPDATE meta SET outcomes = outcomes || char(10) || '0 one 0:0,0,0', changes = changes + 1");
  await Promise.all(Array.from({ length: 60 }, (_, n) => publish(engine, anEvent({ id: `f${n}`, metadata: flow }))));
  await consumer.ids(60);
  for (const delivery of [...consumer.held]) await consumer.settle({ kind: "done" }, delivery);
  const rows = bench.read("SELECT id FROM outcomes");
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.every(({ id }) => Number(id) >= 2 ** 20)).toBe(true);
  expect(await engine.deliveries.ended?.("flow")).toHaveLength(60);
});

test("what a transaction that failed had ended is recorded once, with the one that succeeds", async () => {
  const bench = await Bench.make();
  const { engine, consumer } = await oneEnded(bench);
  await Promise.all(["b", "c"].map((id) => publish(engine, anEvent({ id, metadata: flow }))));
  await consumer.ids(2);
  const unwritable = Object.defineProperty(failed(1), "stack", { value: 2n ** 70n, enumerable: true });
  const [first, second] = consumer.held;
  consumer.settle({ kind: "dead", failure: unwritable }, first).catch(() => {});
  await consumer.settle({ kind: "done" }, second);
  const told = (await engine.deliveries.ended?.("flow")) ?? [];
  expect(told.map(({ eventId }) => eventId)).toEqual(["a", second?.event.id]);
  expect(bench.errors).toHaveLength(1);
  const closing = engine.close().catch(() => {});
  await bench.closeWaits();
  await bench.clock.advance(10_000);
  await closing;
});
