import { expect, onTestFinished, test } from "vitest";
import type { Bus } from "../../../lib/bus/bus.ts";
import { createBus } from "../../../lib/bus/create-bus.ts";
import type { MiddlewareOption } from "../../../lib/bus/middleware.ts";
import { type StandardEvents, standardCatalog } from "../../../lib/catalog/index.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { createIds } from "../../../lib/event/id.ts";
import { rateLimit } from "../../../lib/publish/rate-limit.ts";
import { Counters } from "../../../lib/runtime/metrics.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { FakeEngine, type FakeEngineOptions } from "../../support/fake-engine.ts";

const down = new BusError("unavailable", "the store is down");
const ignore = () => {};

function aBus(options: FakeEngineOptions = {}, use: readonly MiddlewareOption[] = []) {
  const clock = new ManualClock();
  const engine = new FakeEngine({ clock, ...options });
  const errors: BusError[] = [];
  const warnings: unknown[] = [];
  const bus: Bus<StandardEvents> = createBus({
    engine,
    catalog: standardCatalog,
    source: "test",
    clock,
    random: () => 0.5,
    nextId: createIds({ now: clock.now }),
    logger: { debug: ignore, info: ignore, warn: (_, fields) => warnings.push(fields), error: ignore },
    counters: new Counters(),
    use,
    graceMs: 1_000,
    onError: (error) => errors.push(error),
  });
  return { bus, clock, engine, errors, warnings };
}

/** Whether a promise has settled. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  await turn();
  const pending = Symbol();
  const answer = await Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    Promise.resolve(pending),
  ]);
  return answer !== pending;
}

const untilAborted = (_: unknown, { signal }: { signal: AbortSignal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("a bus says which engine carries it", () => {
  const { bus, engine } = aBus({ capabilities: ["durable"] });
  expect(bus.engine).toEqual({ name: "fake", capabilities: engine.capabilities });
});

test("close resolves when the engine has closed, and a second call waits for the first", async () => {
  const { bus, engine } = aBus();
  const hold = engine.hold("close");
  const both = [bus.close(), bus.close(), bus[Symbol.asyncDispose]()];
  for (const closing of both) expect(await settled(closing)).toBe(false);
  expect(hold.calls).toHaveLength(1);
  hold.calls[0]?.release();
  await Promise.all(both);
});

test("while a slow engine closes, nothing is taken, and who waits has been told", async () => {
  const { bus, engine } = aBus();
  const waiting = bus.waitFor("task.created");
  waiting.catch(ignore);
  const hold = engine.hold("close");
  const closing = bus.close();
  await expect(waiting).rejects.toMatchObject({ code: "closed" });
  await expect(bus.emit.task.created({ taskId: "a" })).rejects.toMatchObject({ code: "closed" });
  await expect(bus.history.query()).rejects.toMatchObject({ code: "closed" });
  expect(await settled(closing)).toBe(false);
  hold.calls[0]?.release();
  await closing;
});

test("an engine that fails to close rejects close, for all who call it", async () => {
  const { bus, engine } = aBus();
  engine.fail("close", down);
  await expect(bus.close()).rejects.toBe(down);
  await expect(bus.close()).rejects.toBe(down);
  expect(engine.calls("close")).toHaveLength(1);
});

test("the engine is closed after the handlers have ended, and their settles have been handed to it", async () => {
  const { bus, engine } = aBus();
  const ends = Promise.withResolvers<void>();
  await bus.subscribe({ name: "readers", on: "task.created" }, () => ends.promise);
  await bus.emit.task.created({ taskId: "a" });
  await turn();
  const closing = bus.close();
  await turn();
  expect(engine.called).not.toContain("close");
  ends.resolve();
  await closing;
  expect(engine.called.slice(-2)).toEqual(["deliveries.settle", "close"]);
});

test("a handler that outlasts the grace time is aborted, and its delivery released", async () => {
  const { bus, clock, engine, errors } = aBus();
  await bus.subscribe({ name: "readers", on: "task.created" }, untilAborted);
  await bus.emit.task.created({ taskId: "a" });
  await turn();
  const closing = bus.close();
  await clock.advance(999);
  expect(engine.called).not.toContain("close");
  await clock.advance(1);
  await closing;
  expect(engine.calls("deliveries.settle")).toMatchObject([[{}, { kind: "released" }, expect.any(Number)]]);
  expect(errors).toEqual([]);
});

test("one that ignores even that is named, and the bus closes without it", async () => {
  const { bus, clock, errors } = aBus();
  await bus.subscribe({ name: "readers", on: "task.created" }, () => new Promise(() => {}));
  await bus.emit.task.created({ taskId: "a" });
  await turn();
  const closing = bus.close();
  await clock.advance("2s");
  await closing;
  expect(errors).toMatchObject([{ code: "timeout", message: expect.stringMatching(/readers: 1 handlers/) }]);
});

test("an unnamed subscription that cannot be deleted is told, and the engine is closed all the same", async () => {
  const { bus, clock, engine, errors } = aBus();
  await bus.subscribe({ on: "task.created" }, ignore);
  await bus.subscribe({ on: "task.created" }, ignore);
  engine.fail("subscriptions.delete", down);
  await bus.close();
  expect(engine.calls("subscriptions.delete")).toHaveLength(2);
  expect(engine.called.at(-1)).toBe("close");
  expect(errors).toEqual([down]);
  expect(clock.nextDue).toBeUndefined();
});

test("who subscribes while the bus closes is refused, and nothing is left that consumes", async () => {
  const { bus, engine } = aBus();
  const hold = engine.hold("subscriptions.put");
  const subscribing = bus.subscribe({ name: "readers", on: "task.created" }, ignore);
  subscribing.catch(ignore);
  await turn();
  const closing = bus.close();
  hold.calls[0]?.release();
  await expect(subscribing).rejects.toMatchObject({ code: "closed" });
  await closing;
  expect(engine.calls("deliveries.consume")).toEqual([]);
});

test("so is a handler that subscribes while its bus closes, though it may still publish", async () => {
  const { bus, engine } = aBus();
  const closes = Promise.withResolvers<void>();
  const outcomes: unknown[] = [];
  await bus.subscribe({ name: "readers", on: "task.created" }, async () => {
    await closes.promise;
    outcomes.push((await bus.emit.task.started({ taskId: "a" })).type);
    await bus.subscribe({ name: "writers", on: "task.started" }, ignore).catch((error) => outcomes.push(error.code));
  });
  await bus.emit.task.created({ taskId: "a" });
  await turn();
  const closing = bus.close();
  closes.resolve();
  await closing;
  expect(outcomes).toEqual(["task.started", "closed"]);
  expect(engine.calls("deliveries.consume")).toHaveLength(1);
});

test("what is published before close is told as the engine tells it, however late", async () => {
  const { bus, engine } = aBus();
  const hold = engine.hold("log.append");
  const publishing = bus.emit.task.created({ taskId: "a" });
  await bus.close();
  expect(await settled(publishing)).toBe(false);
  hold.calls[0]?.release();
  expect((await publishing).type).toBe("task.created");
});

test("what middleware holds back is not published once the bus is closed", async () => {
  const { bus, engine } = aBus({}, [rateLimit({ perMinute: 1 })]);
  await bus.emit.task.created({ taskId: "a" });
  const limited = bus.emit.task.created({ taskId: "b" });
  limited.catch(ignore);
  await bus.close();
  await expect(limited).rejects.toMatchObject({ code: "closed" });
  expect(engine.calls("log.append")).toHaveLength(1);

  const gate = Promise.withResolvers<void>();
  const holding = aBus({}, [{ publish: (entry, next) => gate.promise.then(() => next(entry)) }]);
  const held = holding.bus.emit.task.created({ taskId: "a" });
  held.catch(ignore);
  await holding.bus.close();
  gate.resolve();
  await expect(held).rejects.toMatchObject({ code: "closed" });
  expect(holding.engine.calls("log.append")).toEqual([]);
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
