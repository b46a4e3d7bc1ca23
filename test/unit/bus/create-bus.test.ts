import { expect, onTestFinished, test } from "vitest";
import { turn } from "../../../lib/testing/manual-clock.ts";
import { aBus, down, ignore } from "./a-bus.ts";

test("a bus says which engine carries it", () => {
  const { bus, engine } = aBus({ capabilities: ["durable"] });
  expect(bus.engine).toEqual({ name: "fake", capabilities: engine.capabilities });
});

test("in a batch each has its own result, in its place, in whatever order the engine answers", async () => {
  const { bus, engine } = aBus();
  const hold = engine.hold("log.append");
  const draft = (taskId: string) => ({ type: "task.created", data: { taskId } }) as const;
  // @ts-expect-error a program without types may publish what is not in the catalog
  const publishing = bus.publishAll([draft("a"), { type: "task.creatd", data: {} }, draft("c"), draft("d")]);
  await turn();
  const [first, second, third] = hold.calls;
  third?.release();
  second?.reject(down);
  first?.release();
  const results = await publishing;
  expect(results.map((result) => (result.ok ? result.event.data : result.error.code))).toEqual([
    { taskId: "a" },
    "unknown_type",
    "unavailable",
    { taskId: "d" },
  ]);
});

test("a batch has a thousand on their way at once, and no more", async () => {
  const { bus, engine } = aBus();
  const hold = engine.hold("log.append");
  const drafts = Array.from({ length: 1_001 }, () => ({ type: "task.created", data: { taskId: "a" } }) as const);
  const publishing = bus.publishAll(drafts);
  await turn();
  expect(hold.calls).toHaveLength(1_000);
  hold.end();
  for (const call of hold.calls) call.release();
  expect(await publishing).toHaveLength(1_001);
});

test("a subscription that cannot be stored is not consumed", async () => {
  const { bus, engine } = aBus();
  engine.fail("subscriptions.put", down);
  await expect(bus.subscribe({ name: "readers", on: "task.created" }, ignore)).rejects.toBe(down);
  expect(engine.calls("deliveries.consume")).toEqual([]);
});

test("other settings than the stored ones are warned of once", async () => {
  const { bus, warnings } = aBus();
  for (const attempts of [1, 2, 3]) await bus.subscribe({ name: "readers", on: "task.created", attempts }, ignore);
  expect(warnings).toEqual([{ subscription: "readers", changed: ["attempts"] }]);
});

test("metrics need the engine, and reject with it", async () => {
  const { bus, engine } = aBus();
  engine.fail("subscriptions.list", down);
  await expect(bus.metrics()).rejects.toBe(down);
  expect(await bus.metrics()).toMatchObject({ published: 0, backlog: 0, activeSubscriptions: 0 });
});

test("a background error of the engine's does not stop the others: a slow settle of one subscription", async () => {
  const { bus, engine, errors } = aBus();
  const handled: string[] = [];
  await bus.subscribe({ name: "one", on: "task.created" }, () => handled.push("one"));
  await bus.subscribe({ name: "two", on: "task.created" }, () => handled.push("two"));
  const hold = engine.hold("deliveries.settle");
  await bus.emit.task.created({ taskId: "a" });
  await turn();
  hold.calls[0]?.reject(down);
  hold.end();
  await bus.emit.task.created({ taskId: "b" });
  await turn();
  expect(handled.toSorted()).toEqual(["one", "one", "two", "two"]);
  expect(errors).toEqual([down]);
});

test("only a bus that shares its events with others keeps its process, and only while it subscribes", async () => {
  const timers: unknown[] = [];
  const real = globalThis.setInterval;
  const cleared: unknown[] = [];
  const realClear = globalThis.clearInterval;
  onTestFinished(() => {
    Object.assign(globalThis, { setInterval: real, clearInterval: realClear });
  });
  Object.assign(globalThis, {
    setInterval: (run: () => void, ms: number) => {
      const timer = real(run, ms);
      timers.push(timer);
      return timer;
    },
    clearInterval: (timer: NodeJS.Timeout | undefined) => {
      if (timer !== undefined) cleared.push(timer);
      realClear(timer);
    },
  });
  const alone = aBus();
  await alone.bus.subscribe({ name: "readers", on: "task.created" }, ignore);
  expect(timers).toHaveLength(0);
  const shared = aBus({ capabilities: ["multi-process"] });
  const subscribers = [
    await shared.bus.subscribe({ name: "readers", on: "task.created" }, ignore),
    await shared.bus.subscribe({ name: "writers", on: "task.created" }, ignore),
  ];
  expect(timers).toHaveLength(1);
  await subscribers[0]?.close();
  expect(cleared).toEqual([]);
  await subscribers[1]?.close();
  expect(cleared).toEqual(timers);
  await shared.bus.subscribe({ name: "readers", on: "task.created" }, ignore);
  expect(timers).toHaveLength(2);
  await shared.bus.close();
  expect(cleared).toEqual(timers);
});
