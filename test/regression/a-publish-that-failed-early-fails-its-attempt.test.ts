import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Bus, type BusError, connect, type HandlerContext } from "wagglebus";

// A handler began a publish, did not await it, and went on. Where the publish failed while the handler still ran, nobody heard
// of it: the delivery counted as done. Where it failed after the handler had returned, the attempt failed, as it should.
const bad = { type: "task.created", data: { taskId: 5 } };
const begin: Record<string, (bus: Bus) => unknown> = {
  "publish of a draft": (bus) => Reflect.apply(bus.publish, bus, [bad]),
  emit: (bus) => Reflect.apply(bus.emit.task.created, undefined, [bad.data]),
  publishAll: (bus) => Reflect.apply(bus.publishAll, bus, [[bad]]),
  "publish with a wrong option": (bus) => Reflect.apply(bus.publish, bus, [bad, { dedup: "x" }]),
  "publish of nothing": (bus) => Reflect.apply(bus.publish, bus, [5]),
  "publishAll of nothing": (bus) => Reflect.apply(bus.publishAll, bus, [5]),
};

/** Handles one event, several turns long, and gives what became of the delivery. */
async function handle(handler: (bus: Bus) => Promise<void>, options: object = {}) {
  await using bus = await connect({ engine: "memory", source: "regression" });
  const subscription = { name: "readers", on: "custom.asked", attempts: 1 };
  const run = async (_: unknown, context: HandlerContext) => {
    await handler(context.bus);
    for (let turns = 0; turns < 5; turns += 1) await setImmediate();
  };
  await Reflect.apply(bus.subscribe, bus, [subscription, run, options]);
  const { id } = await bus.publish({ type: "custom.asked", data: {} });
  const flow = await bus.settled(id);
  return flow.deadLetters.map(({ reason }) => reason.code);
}

test.each(Object.entries(begin))("%s: not awaited, the attempt fails with it", async (_, publish) => {
  const lost = await handle(async (bus) => void publish(bus));
  expect(lost).toEqual([expect.stringMatching(/^invalid_/)]);
});

test.each(Object.entries(begin))("%s: caught, the attempt is done", async (_, publish) => {
  const caught = await handle(async (bus) => {
    await Promise.resolve(publish(bus)).catch((error: BusError) => expect(error.code).toMatch(/^invalid_/));
  });
  expect(caught).toEqual([]);
  const asked = await handle(async (bus) => void Promise.allSettled([publish(bus)]));
  expect(asked).toEqual([]);
});

test.each([{}, { batch: { size: 1 } }])(
  "%j: one that it left behind is reported by a log line, if nobody asked",
  async (options) => {
    const warnings: unknown[] = [];
    const ignore = () => {};
    const warn = (message: string, { code, subscription }: Record<string, unknown> = {}) =>
      warnings.push({ message, code, subscription });
    const logger = { debug: ignore, info: ignore, warn, error: ignore };
    await using bus = await connect({ engine: "memory", source: "regression", logger });
    const late = Promise.withResolvers<void>();
    const after = async (context: HandlerContext) => {
      await late.promise;
      begin.emit?.(context.bus);
      await Promise.resolve(begin.emit?.(context.bus)).catch(ignore);
    };
    const handler = (_: unknown, context: HandlerContext) => void after(context);
    await Reflect.apply(bus.subscribe, bus, [{ name: "readers", on: "custom.asked" }, handler, options]);
    const { id } = await bus.publish({ type: "custom.asked", data: {} });
    expect(await bus.settled(id)).toMatchObject({ status: "completed" });
    late.resolve();
    for (let turns = 0; turns < 5; turns += 1) await setImmediate();
    const message = "a publish that a handler left behind failed";
    expect(warnings).toEqual([{ message, code: "invalid_event", subscription: "readers" }]);
  },
);

test("in a batch, too", async () => {
  const lost = await handle(async (bus) => void begin.emit?.(bus), { batch: { size: 2, window: 0 } });
  expect(lost).toEqual(["invalid_event"]);
});
