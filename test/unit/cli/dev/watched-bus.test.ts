import { expect, test } from "vitest";
import { NonRetriableError } from "wagglebus";

import { steps as stepsOf } from "../../../../lib/agents/index.ts";
import { type FailedStep, type Step, Steps } from "../../../../lib/cli/dev/steps.ts";
import { watchBus } from "../../../../lib/cli/dev/watched-bus.ts";
import { testBus } from "../../../../lib/testing/index.ts";

/** A bus that is watched, and the calls that its watcher received. */
function watched() {
  const told: { handled: Step[]; failed: FailedStep[]; running: string[] } = { handled: [], failed: [], running: [] };
  const seen = new Steps({
    subject: ({ data }) => (data instanceof Object ? String(Reflect.get(data, "taskId")) : undefined),
    onHandled: (step) => told.handled.push(step),
    onFailed: (step) => told.failed.push(step),
    onRunning: (what) => told.running.push(what.join(", ")),
  });
  const bus = testBus();
  return { steps: seen, told, own: bus, ...watchBus(bus, seen) };
}

test("tells what runs, what ended well, and each failed attempt", async () => {
  const { bus, own, steps, told } = watched();
  let runs = 0;
  await bus.subscribe({ name: "readers", on: "task.created", attempts: 3 }, () => {
    runs += 1;
    if (runs < 3) throw new Error(`oh ${runs}`);
  });
  await bus.emit.task.created({ taskId: "a" });
  await own.drain();
  const step = { subscription: "readers", type: "task.created", what: "a" };
  expect(told.failed).toMatchObject([
    { ...step, attempt: 1, message: "oh 1", dead: false },
    { ...step, attempt: 2, message: "oh 2", dead: false },
  ]);
  expect(told.handled).toMatchObject([{ ...step, attempt: 3 }]);
  expect(told.running).toEqual(["readers a", "", "readers a", "", "readers a", ""]);
  expect(steps).toMatchObject({ handled: 1, failed: 2, running: 0 });
});

test("the last attempt is dead, and so is one that is never to be tried again", async () => {
  const { bus, own, told } = watched();
  await bus.subscribe({ name: "readers", on: "task.created", attempts: 5 }, ({ data }) => {
    if (data.taskId === "a") throw new NonRetriableError("never");
    throw new Error("oh");
  });
  for (const taskId of ["a", "b"]) await bus.emit.task.created({ taskId });
  await own.drain();
  expect(told.failed.filter(({ dead }) => dead)).toMatchObject([
    { what: "a", attempt: 1, message: "never" },
    { what: "b", attempt: 5, message: "oh" },
  ]);
});

test("a run that waits has neither failed nor been handled until it comes back", async () => {
  const { bus, own, told } = watched();
  await bus.subscribe({ name: "readers", on: "task.created", attempts: 1 }, () => stepsOf(bus).sleep("a day", "1d"));
  await bus.emit.task.created({ taskId: "a" });
  await own.clock.advance("1h");
  expect([told.handled, told.failed]).toEqual([[], []]);
  await own.clock.advance("1d");
  expect([told.handled.length, told.failed]).toEqual([1, []]);
});

test("a run whose time is up has failed, also where its handler returns", async () => {
  const { bus, own, told } = watched();
  const began = Promise.withResolvers<void>();
  await bus.subscribe({ name: "readers", on: "task.created", attempts: 1, timeout: "1s" }, async (_, { signal }) => {
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    began.resolve();
    await aborted;
  });
  await bus.emit.task.created({ taskId: "a" });
  await began.promise;
  own.clock.advance(1_000);
  await own.drain();
  expect(told.handled).toEqual([]);
  expect(told.failed).toMatchObject([{ message: expect.stringContaining("did not end within 1000 ms"), dead: true }]);
});

test("two runs of one kind of event are told apart", async () => {
  const { bus, own, told } = watched();
  const ends: (() => void)[] = [];
  await bus.subscribe(
    { name: "readers", on: "task.created" },
    () => new Promise<void>((resolve) => ends.push(resolve)),
  );
  await bus.emit.task.created({ taskId: "a" });
  await bus.emit.task.created({ taskId: "a" }, { id: "again" });
  expect(told.running).toEqual(["readers a", "readers a, readers a"]);
  for (const end of ends) end();
  await own.drain();
  expect(told.running).toEqual(["readers a", "readers a, readers a", "readers a", ""]);
});

test("keeps the five slowest, slowest first", async () => {
  const { bus, own, steps } = watched();
  await bus.subscribe({ name: "readers", on: "task.created" }, () => {});
  for (const taskId of "abcdefgh") await bus.emit.task.created({ taskId });
  await own.drain();
  const times = steps.slowest.map(({ durationMs }) => durationMs);
  expect(times).toHaveLength(5);
  expect(times).toEqual(times.toSorted((a, b) => b - a));
});

test("while runs are held, none begins", async () => {
  const { bus, own, steps, told } = watched();
  const letGo = steps.hold();
  await bus.subscribe({ name: "readers", on: "task.created" }, () => {});
  await bus.emit.task.created({ taskId: "a" });
  expect(told.running).toEqual([]);
  letGo();
  await own.drain();
  expect(told.handled).toMatchObject([{ what: "a" }]);
});

test("a failure that the log speaks of was told once, and another one was not", async () => {
  const { bus, own, steps } = watched();
  await bus.subscribe({ name: "readers", on: "task.created", attempts: 1 }, () => {
    throw new Error("oh");
  });
  const { id: eventId } = await bus.emit.task.created({ taskId: "a" });
  await own.drain();
  const fields = { subscription: "readers", eventId, attempt: 1 };
  expect(steps.toldOf({ ...fields, attempt: 2 })).toBe(false);
  expect(steps.toldOf(fields)).toBe(true);
  expect(steps.toldOf(fields)).toBe(false);
});

test("knows what is subscribed, until a subscriber is closed; unnamed ones too", async () => {
  const { bus, subscriptions } = watched();
  const readers = await bus.subscribe({ name: "readers", on: "task.created" }, () => {});
  const unnamed = await bus.subscribe({ on: "task.*" }, () => {});
  expect(subscriptions().map(({ name }) => name)).toEqual(["readers", unnamed.name]);
  await readers.close();
  expect(subscriptions()).toMatchObject([{ name: unnamed.name, on: ["task.*"] }]);
});

test("what a bus refuses is refused in its words", async () => {
  const { bus, subscriptions } = watched();
  const misspelt = { name: "Readers", on: "task.created" };
  await expect(bus.subscribe(misspelt, () => {})).rejects.toMatchObject({ code: "invalid_config" });
  // @ts-expect-error a handler is a function
  await expect(bus.subscribe({ name: "readers", on: "task.created" }, "handler")).rejects.toThrow(
    'the handler must be a function, not "handler"',
  );
  expect(subscriptions()).toEqual([]);
});

test("is not closed by those who use it", async () => {
  const { bus } = watched();
  await bus.close();
  expect((await bus.emit.task.created({ taskId: "a" })).type).toBe("task.created");
});
