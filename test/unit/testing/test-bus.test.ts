import { expect, test } from "vitest";
import { taskCreated } from "../../../lib/catalog/index.ts";
import { RetryAfterError } from "../../../lib/delivery/handler-errors.ts";
import { testBus } from "../../../lib/testing/index.ts";

test("published lists all events in order, including those of handlers that drain waits for", async () => {
  const bus = testBus();
  await bus.subscribe({ on: taskCreated }, (event, { bus }) => bus.emit.task.started({ taskId: event.data.taskId }));
  await bus.subscribe({ on: "task.started" }, async (_, { bus }) => {
    await new Promise((resolve) => setImmediate(resolve));
    await bus.emit.task.completed({ taskId: "t" });
  });
  await bus.emit.task.created({ taskId: "t" });
  await bus.drain();
  expect(bus.published.map(({ type, source }) => `${type} by ${source}`)).toEqual([
    "task.created by test",
    "task.started by test",
    "task.completed by test",
  ]);
});

test("published does not list a duplicate", async () => {
  const bus = testBus();
  await bus.emit.task.created({ taskId: "t" }, { id: "one" });
  await bus.emit.task.created({ taskId: "t" }, { id: "one" });
  expect(bus.published).toHaveLength(1);
  expect((await bus.metrics()).duplicates).toBe(1);
});

test("drain advances the clock to each retry, and no further than the last", async () => {
  const bus = testBus();
  const attempts: string[] = [];
  await bus.subscribe({ on: taskCreated, attempts: 3, backoff: { from: "10s", to: "1m" } }, (_, { attempt }) => {
    attempts.push(`${attempt} at ${(bus.clock.now() - Date.UTC(2026, 0, 1)) / 1_000} s`);
    if (attempt === 1) throw new RetryAfterError("later", "1h");
    throw new Error("broken");
  });
  await bus.emit.task.created({ taskId: "t" });
  await bus.drain();
  expect(attempts).toEqual(["1 at 0 s", "2 at 3600 s", "3 at 3615 s"]);
  expect((await bus.deadLetters.list()).deadLetters).toHaveLength(1);
});

test("drain moves the clock to a delayed event; its wait is not counted as a late delivery", async () => {
  const bus = testBus();
  const seen: string[] = [];
  await bus.subscribe({ on: taskCreated }, ({ data }) => {
    seen.push(`${data.taskId} at ${(bus.clock.now() - Date.UTC(2026, 0, 1)) / 60_000} min`);
  });
  await bus.emit.task.created({ taskId: "later" }, { delay: "10m" });
  await bus.emit.task.created({ taskId: "now" });
  await bus.drain();
  expect(seen).toEqual(["now at 0 min", "later at 10 min"]);
  expect((await bus.metrics()).deliveryMs).toEqual({ p50: 0, p95: 0, p99: 0 });
});

test("drain does not advance the clock to the timeout of waitFor", async () => {
  const bus = testBus();
  const answer = bus.waitFor("task.completed", { timeout: "1m" });
  await bus.emit.task.created({ taskId: "t" });
  await bus.drain();
  expect(bus.clock.now()).toBe(Date.UTC(2026, 0, 1));
  await bus.emit.task.completed({ taskId: "t" });
  await expect(answer).resolves.toMatchObject({ type: "task.completed" });
});

test("drain does not wait for the deliveries of a paused subscriber", async () => {
  const bus = testBus();
  const subscriber = await bus.subscribe({ on: taskCreated }, () => {});
  subscriber.pause();
  await bus.emit.task.created({ taskId: "t" });
  await bus.drain();
  expect(await subscriber.info()).toMatchObject({ paused: true, backlog: 1, delivered: 0 });
  subscriber.resume();
  await bus.drain();
  expect(await subscriber.info()).toMatchObject({ paused: false, backlog: 0, delivered: 1 });
});

test("reset removes events and counts, and keeps subscriptions", async () => {
  const bus = testBus();
  const seen: string[] = [];
  await bus.subscribe({ name: "one", on: "*" }, ({ id }) => {
    seen.push(id);
    if (id === "a") throw new Error("broken");
  });
  await bus.emit.task.created({ taskId: "t" }, { id: "a" });
  await bus.drain();
  bus.reset();
  expect(bus.published).toEqual([]);
  expect((await bus.history.query()).events).toEqual([]);
  expect((await bus.deadLetters.list()).deadLetters).toEqual([]);
  expect(await bus.metrics()).toMatchObject({ published: 0, failed: 0, activeSubscriptions: 1 });
  await bus.emit.task.created({ taskId: "t" }, { id: "b" });
  await bus.drain();
  expect(seen.at(-1)).toBe("b");
});

test("every run is the same except for ids", async () => {
  const run = async () => {
    const bus = testBus();
    await bus.subscribe({ on: taskCreated, attempts: 2 }, () => {
      throw new Error("broken");
    });
    await bus.emit.task.created({ taskId: "t" });
    await bus.drain();
    const { deadLetters } = await bus.deadLetters.list();
    return deadLetters.map(({ deadAt, attempts }) => ({ deadAt, attempts }));
  };
  expect(await run()).toEqual(await run());
});

test("an event expires by the clock of the test", async () => {
  const bus = testBus();
  const subscriber = await bus.subscribe({ on: taskCreated }, () => {});
  subscriber.pause();
  await bus.emit.task.created({ taskId: "t" }, { metadata: { expiresAt: "2026-01-01T00:00:10Z" } });
  await bus.clock.advance("10s");
  subscriber.resume();
  await bus.drain();
  expect(await subscriber.info()).toMatchObject({ delivered: 0, expired: 1 });
});
