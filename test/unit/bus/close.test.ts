import { expect, test } from "vitest";
import { rateLimit } from "../../../lib/publish/rate-limit.ts";
import { turn } from "../../../lib/testing/manual-clock.ts";
import { aBus, down, ignore } from "./a-bus.ts";

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
  expect(engine.calls("deliveries.settle")).toMatchObject([[{}, { kind: "released" }, expect.any(Number), undefined]]);
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
