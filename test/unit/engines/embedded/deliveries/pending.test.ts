import type { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { Engine } from "../../../../../lib/engine/engine.ts";
import { openConnection } from "../../../../../lib/engines/embedded/storage/connection.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { seeded } from "../../../../support/seeded.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const lasting = { ephemeral: false };

/** Counts the rows that statements prepared from now on give. */
function countRows(db: DatabaseSync): { rows: number } {
  const counted = { rows: 0 };
  function* counting(rows: Iterable<unknown>) {
    for (const row of rows) {
      counted.rows += 1;
      yield row;
    }
  }
  const prepare = db.prepare.bind(db);
  db.prepare = (sql) =>
    new Proxy(prepare(sql), {
      get: (statement, name) => {
        const method: unknown = Reflect.get(statement, name);
        if (typeof method !== "function") return method;
        return (...values: unknown[]) => {
          const result = Reflect.apply(method, statement, values);
          if (name === "iterate") return counting(result);
          if (name === "all") counted.rows += result.length;
          if (name === "get") counted.rows += 1;
          return result;
        };
      },
    });
  return counted;
}

async function openCounted(
  bench: Bench,
): Promise<{ engine: Engine; rowsOf(look: () => Promise<unknown>): Promise<number> }> {
  const db = await openConnection({
    file: bench.file,
    synchronous: "normal",
    lockWaitMs: 1_000,
    random: Math.random,
  });
  const counted = countRows(db);
  const engine = await bench.open({ db });
  const rowsOf = async (look: () => Promise<unknown>) => {
    counted.rows = 0;
    await look();
    return counted.rows;
  };
  return { engine, rowsOf };
}

const flow = { correlationId: "flow" };

test("to ask whether a flow goes on reads the same few rows however much of it waits or has ended", async () => {
  const bench = await Bench.make();
  const { engine, rowsOf } = await openCounted(bench);
  await engine.subscriptions.put(aRecord({ on: ["task.*"], concurrency: 1 }), lasting);
  const events = Array.from({ length: 300 }, (_, number) => anEvent({ id: `e${number}`, metadata: flow }));
  // Nobody handles what comes last.
  const results = Array.from({ length: 300 }, (_, number) =>
    anEvent({ id: `r${number}`, type: "other.made", metadata: flow }),
  );
  await Promise.all([...events, ...results].map((event) => publish(engine, event, { history: true })));
  const consumer = new TestConsumer(engine, "one", 1);
  const looks: number[] = [];
  for (let ended = 0; ended < events.length; ended += 1) {
    await consumer.ids(1);
    looks.push(await rowsOf(async () => expect(await engine.deliveries.pending?.("flow", 1)).toHaveLength(1)));
    await consumer.settle();
  }
  expect(await engine.deliveries.pending?.("flow", 1)).toEqual([]);
  const [first = 0, ...others] = looks;
  expect(first).toBeLessThan(400);
  expect(Math.max(...others)).toBeLessThan(12);
});

test("what others have waiting is not read for a flow of a few events", async () => {
  const bench = await Bench.make();
  const { engine, rowsOf } = await openCounted(bench);
  await engine.subscriptions.put(aRecord({ on: ["task.*"] }), lasting);
  await publish(engine, anEvent({ id: "a", type: "other.made", metadata: flow }));
  await Promise.all(Array.from({ length: 500 }, (_, number) => publish(engine, anEvent({ id: `e${number}` }))));
  expect(await rowsOf(async () => expect(await engine.deliveries.pending?.("flow", 1)).toEqual([]))).toBeLessThan(12);
});

test("a flow counts as going on exactly while one of its deliveries is under way, whatever comes and goes", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const random = seeded(7);
  const pick = (count: number) => Math.floor(random() * count);
  await engine.subscriptions.put(aRecord({ on: ["task.*"], concurrency: 3 }), lasting);
  await engine.subscriptions.put(aRecord({ name: "two", on: ["*"], ordered: "data.key" }), lasting);
  const consumers = [new TestConsumer(engine, "one", 3), new TestConsumer(engine, "two", 5)];
  const flows = ["f0", "f1", "f2"];
  const compare = async () => {
    for (const id of flows) {
      const all = (await engine.deliveries.pending?.(id)) ?? [];
      const some = (await engine.deliveries.pending?.(id, 1)) ?? [];
      expect(some).toHaveLength(Math.min(1, all.length));
      expect(all).toEqual(expect.arrayContaining(some));
      const keys = all.map(({ subscription, eventId }) => `${subscription} ${eventId}`);
      expect(new Set(keys).size).toBe(keys.length);
    }
  };
  let published = 0;
  const step = async () => {
    if (pick(2) === 0) {
      const event = anEvent({
        id: `e${published++}`,
        type: pick(2) === 0 ? "task.created" : "other.made",
        data: { key: pick(2) },
        metadata: { correlationId: flows[pick(3)] ?? "", priority: 1 + pick(10) },
      });
      await publish(engine, event, { history: pick(3) > 0 });
      return;
    }
    const consumer = consumers[pick(2)];
    const delivery = consumer?.held[0];
    if (delivery === undefined) return;
    if (pick(4) > 0) await consumer?.settle({ kind: "done" });
    else await consumer?.settle({ kind: "retry", afterMs: pick(2) * 1_000, failure: failed(1) });
  };
  for (let steps = 0; steps < 150; steps += 1) {
    await step();
    await compare();
  }
  await bench.clock.advance("1m");
  await compare();
});
