import { expect, test } from "vitest";
import { taskCompleted } from "../../../lib/catalog/index.ts";
import { testBus } from "../../../lib/testing/index.ts";

test("a loop gets the events of a type, one at a time, until its signal", async () => {
  const bus = testBus();
  const controller = new AbortController();
  const seen: string[] = [];
  const loop = (async () => {
    for await (const { data } of bus.on(taskCompleted, { signal: controller.signal })) {
      seen.push(data.taskId);
      if (data.taskId === "t3") controller.abort();
    }
  })();
  await bus.drain();
  for (const taskId of ["t1", "t2", "t3", "t4"]) await bus.emit.task.completed({ taskId });
  await loop;
  expect(seen).toEqual(["t1", "t2", "t3"]);
  expect(await bus.subscriptions.list()).toEqual([]);
});

test("a delivery is done when the loop asks for the next; the one it is left with comes again, uncounted", async () => {
  const bus = testBus();
  await bus.subscribe({ name: "loop", on: "custom.*" }, () => {}).then((subscriber) => subscriber.close());
  for (const n of [1, 2, 3]) await bus.publish({ type: "custom.n", data: { n } });
  const seen: unknown[] = [];
  for await (const { data } of bus.on("custom.*", { name: "loop" })) {
    seen.push(data);
    if (seen.length === 2) break;
  }
  const [left] = await bus.subscriptions.list();
  expect(left).toMatchObject({ waiting: 2, running: 0 });
  const attempts: number[] = [];
  await bus.subscribe({ name: "loop", on: "custom.*" }, (_event, { attempt }) => void attempts.push(attempt));
  await bus.drain();
  expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
  expect(attempts).toEqual([1, 1]);
});

test("a loop that is too slow with an event gets it again", async () => {
  const bus = testBus();
  const events = bus.on("custom.*", { timeout: "1s", backoff: { from: "1s", to: "1s" } });
  const first = events.next();
  await bus.drain();
  const { id } = await bus.publish({ type: "custom.n", data: {} });
  expect(await first).toMatchObject({ value: { id } });
  await bus.clock.advance("3s");
  expect(await events.next()).toMatchObject({ value: { id } });
  await events.return();
});

test("it ends with the bus, and with what is wrong", async () => {
  const bus = testBus();
  const events = bus.on("custom.*");
  const next = events.next();
  await bus.drain();
  await bus.close();
  expect(await next).toEqual({ done: true, value: undefined });
  await expect(bus.on("custom.*").next()).resolves.toMatchObject({ done: true });
  expect(() => bus.on("custom.*", 5 as never)).toThrow("on: the options must be an object such as { signal }, not 5");
  const other = testBus();
  await expect(other.on("task.complete" as never).next()).rejects.toMatchObject({ code: "unknown_type" });
  const named = other.on("custom.*", { name: "NOT A NAME" });
  await expect(named.next()).rejects.toMatchObject({ code: "invalid_config" });
});
