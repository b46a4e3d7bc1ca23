import { expect, test } from "vitest";
import { Runner } from "../../../lib/delivery/runner.ts";
import type { Consumer } from "../../../lib/engine/delivery-queue.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import type { SubscriptionRecord } from "../../../lib/subscription/subscription.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../support/a-record.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";
import { runnerDependencies } from "./runner-bench.ts";

const down = new BusError("unavailable", "the store is down");

/** A runner whose handler waits until the test ends it. */
async function running(parts: Partial<SubscriptionRecord> = {}) {
  const clock = new ManualClock();
  const engine = new FakeEngine({ clock });
  const record = aRecord(parts);
  await engine.subscriptions.put(record, { ephemeral: false });
  const errors: BusError[] = [];
  const runs: { id: string; end: () => void; fail: (error: unknown) => void }[] = [];
  const handler = ({ id }: { id: string }) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    runs.push({ id, end: resolve, fail: reject });
    return promise;
  };
  const runner = new Runner(
    runnerDependencies(engine, clock, (error) => errors.push(error)),
    record,
    { handler },
  );
  const append = async (...ids: string[]) => {
    for (const id of ids) {
      await engine.log.append({ event: anEvent({ id }), ownId: false, history: true, inHandler: false });
    }
    await turn();
  };
  const started = () => runs.map(({ id }) => id);
  return { clock, engine, runner, runs, errors, append, started };
}

test("it takes as many as it may run, and more as they end", async () => {
  const { runs, append, started, runner } = await running({ concurrency: 2 });
  await append("a", "b", "c", "d");
  expect(started()).toEqual(["a", "b"]);
  expect(runner.running).toBe(2);
  runs[1]?.end();
  await turn();
  expect(started()).toEqual(["a", "b", "c"]);
});

test("what waited before it began is taken at once", async () => {
  const { engine, append } = await running({ concurrency: 1 });
  await append("a", "b");
  expect(engine.calls("deliveries.consume")).toHaveLength(1);
  expect(await engine.subscriptions.get("one")).toMatchObject({ running: 1, waiting: 1 });
});

test("changed settings count from the next delivery on", async () => {
  const { engine, append, started, runner } = await running({ concurrency: 1 });
  await append("a", "b", "c");
  expect(started()).toEqual(["a"]);
  await engine.subscriptions.put(aRecord({ concurrency: 3 }), { ephemeral: false });
  await turn();
  expect(started()).toEqual(["a", "b", "c"]);
  expect(runner.running).toBe(3);
});

test("a settle that rejects reaches onError, and work goes on", async () => {
  const { engine, runs, errors, append, started } = await running({ concurrency: 1 });
  engine.fail("deliveries.settle", down, "a text");
  await append("a", "b", "c");
  // What the engine did not settle is still claimed, so that its slot is taken: the memory engine has one.
  runs[0]?.end();
  await turn();
  expect(errors).toEqual([down]);
  expect(started()).toEqual(["a"]);
  await engine.subscriptions.put(aRecord({ concurrency: 2 }), { ephemeral: false });
  await turn();
  runs[1]?.end();
  await turn();
  expect(errors).toMatchObject([{ code: "unavailable" }, { code: "unavailable", message: "a text" }]);
});

test("a settle that is slow holds up neither what runs nor what comes", async () => {
  const { engine, runs, append, started, errors } = await running({ concurrency: 1 });
  const hold = engine.hold("deliveries.settle");
  await append("a", "b");
  runs[0]?.end();
  await turn();
  expect(started()).toEqual(["a", "b"]);
  expect(hold.calls).toHaveLength(1);
  hold.calls[0]?.reject(down);
  await turn();
  expect(errors).toEqual([down]);
});

test("paused it takes nothing, and what runs goes on; resumed it takes what waited", async () => {
  const { runner, runs, append, started } = await running();
  await append("a");
  runner.pause();
  await append("b");
  expect([started(), runner.paused]).toEqual([["a"], true]);
  runs[0]?.end();
  await turn();
  expect(runner.counts.delivered).toBe(1);
  runner.resume();
  await turn();
  expect([started(), runner.paused]).toEqual([["a", "b"], false]);
});

test("close takes nothing new and resolves when what runs has ended", async () => {
  const { runner, runs, append, started } = await running({ concurrency: 1 });
  await append("a", "b");
  let closed = false;
  const closing = runner.close().then(() => {
    closed = true;
  });
  await turn();
  expect(closed).toBe(false);
  runs[0]?.end();
  await closing;
  await turn();
  expect(started()).toEqual(["a"]);
});

test("what is handed over while it closes goes back, its attempt not counted", async () => {
  const { engine, runner, append } = await running();
  await append("a");
  void runner.close();
  const delivery = { subscription: "one", event: anEvent({ id: "late" }), attempt: 1, acceptedAt: 0, failures: [] };
  runner.deliver({ ...delivery, redriven: false });
  expect(engine.calls("deliveries.settle")).toMatchObject([
    [{ event: { id: "late" } }, { kind: "released" }, undefined],
  ]);
});

test("abandoned it lets go of its queue while a handler may still run, and still settles that", async () => {
  const { clock, engine, runner, runs, append, started } = await running({ concurrency: 5 });
  await append("a");
  runner.abandon();
  await append("b");
  expect(started()).toEqual(["a"]);
  runs[0]?.end();
  await turn();
  expect(engine.calls("deliveries.settle")).toMatchObject([[{ event: { id: "a" } }, { kind: "done" }, clock.now()]]);
});

test("a subscription that is deleted keeps the settings of what it runs, and gets nothing more", async () => {
  const { engine, runner, runs, append, started } = await running({ concurrency: 1 });
  await append("a", "b");
  await engine.subscriptions.delete("one");
  expect(runner.capacity()).toBe(0);
  runs[0]?.end();
  await append("c");
  expect(started()).toEqual(["a"]);
  expect(runner.capacity()).toBe(1);
});

test.each(["pause", "close"] as const)("its queue hears of it when it takes nothing more: %s", async (how) => {
  const { engine, clock } = await running();
  const heard: number[] = [];
  const deliveries = {
    consume: (_: string, consumer: Consumer) => ({
      settings: undefined,
      wake: () => heard.push(consumer.capacity()),
      stop: () => {},
    }),
    settle: () => {},
  };
  const dependencies = { ...runnerDependencies(engine, clock), deliveries };
  const runner = new Runner(dependencies, aRecord({ concurrency: 3 }), { handler: () => {} });
  await runner[how]();
  expect(heard).toEqual([3, 0]);
});
