import { expect, test } from "vitest";
import { DeliveryLimits } from "../../../../../lib/delivery/limits/delivery-limits.ts";
import type { Delivery } from "../../../../../lib/engine/delivery.ts";
import type { Consumption } from "../../../../../lib/engine/delivery-queue.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };

test("a delivery that is given back for a time comes again after it and not before, the attempt not counted", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a" }));
  await consumer.settle({ kind: "retry", afterMs: 0, failure: failed(1) });
  await consumer.ids(1);
  await consumer.settle({ kind: "released", afterMs: 1_000 });
  expect(await engine.deliveries.pending?.("a")).toMatchObject([
    { state: "delayed", attempts: 1, dueAt: "2026-01-01T00:00:01.000Z", lastError: "it failed" },
  ]);
  await bench.clock.advance(999);
  expect(await engine.subscriptions.get("one")).toMatchObject({ waiting: 0, delayed: 1, running: 0 });
  await bench.clock.advance(1);
  await consumer.ids(1);
  expect(consumer.held[0]).toMatchObject({ attempt: 2, failures: [failed(1)] });
  expect(bench.wrongDepths()).toEqual([]);
});

test("a part of a millisecond is waited out, and no time is at once", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a" }));
  await consumer.settle({ kind: "released", afterMs: 0.2 });
  expect(await engine.deliveries.pending?.("a")).toMatchObject([{ dueAt: "2026-01-01T00:00:00.001Z" }]);
  await bench.clock.advance(1);
  await consumer.ids(1);
  await consumer.settle({ kind: "released", afterMs: 0 });
  expect(await consumer.ids(1)).toEqual(["a"]);
});

test("ordered: it holds its place in its key, and only there", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ ordered: "data.key" }), now);
  const consumer = new TestConsumer(engine, "one");
  for (const id of ["a1", "a2", "b1"]) await publish(engine, anEvent({ id, data: { key: id.slice(0, 1) } }));
  await consumer.settle({ kind: "released", afterMs: 1_000 });
  await publish(engine, anEvent({ id: "a3", data: { key: "a" }, metadata: { priority: 1 } }));
  expect(await engine.subscriptions.get("one")).toMatchObject({ waiting: 2, delayed: 1, running: 1 });
  expect(await consumer.ids(1)).toEqual(["b1"]);
  await bench.clock.advance(1_000);
  for (const id of ["a1", "a2", "a3"]) {
    expect(await consumer.ids(2)).toEqual(["b1", id]);
    await consumer.settle({ kind: "done" }, consumer.held[1]);
  }
});

test("it outlasts the process that gave it back, and another takes it when it is due", async () => {
  const bench = await Bench.make();
  const [one, two] = [await bench.open(), await bench.open()];
  await one.subscriptions.put(aRecord(), now);
  const consumer = new TestConsumer(one, "one");
  await publish(one, anEvent({ id: "a" }));
  await consumer.settle({ kind: "released", afterMs: 1_000 });
  consumer.stop();
  await one.close();
  const next = new TestConsumer(two, "one");
  await bench.clock.advance(1_000);
  expect(await next.ids(1)).toEqual(["a"]);
  expect(next.held[0]).toMatchObject({ attempt: 1, failures: [] });
});

test("a long backlog of one throttled key is looked at twice a delivery, and lets another key through", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const record = aRecord({ throttle: { limit: 20, per: 1_000, key: "data.key" } });
  await engine.subscriptions.put(record, now);
  const backlog = 300;
  const throttled = (id: string, key: string) => publish(engine, anEvent({ id, data: { key } }));
  await Promise.all(Array.from({ length: backlog }, (_, number) => throttled(`a${number}`, "a")));
  await throttled("b", "b");
  const limits = new DeliveryLimits();
  limits.use(record);
  let looks = 0;
  const begun: { id: string; at: number }[] = [];
  const consumption: Consumption = engine.deliveries.consume("one", {
    capacity: () => 10,
    expired: () => {},
    deliver: (delivery: Delivery) => {
      looks += 1;
      const at = bench.clock.now();
      const afterMs = limits.admit(delivery, at);
      if (afterMs === 0) begun.push({ id: delivery.event.id, at });
      void engine.deliveries.settle(delivery, afterMs > 0 ? { kind: "released", afterMs } : { kind: "done" });
      consumption.wake();
    },
  });
  await eventually("the other key", () => begun.some(({ id }) => id === "b"));
  await eventually("all have had a look", async () => (await engine.subscriptions.get("one"))?.waiting === 0);
  await eventually("all have begun", async () => {
    await bench.clock.advance(1_000);
    return begun.length === backlog + 1;
  });
  expect(looks).toBeLessThanOrEqual(2 * (backlog + 1));
  for (const [index, { at }] of begun.entries()) {
    const later = begun[index + 21];
    if (later !== undefined) expect(later.at - at).toBeGreaterThanOrEqual(1_000);
  }
  expect(bench.wrongDepths()).toEqual([]);
});
