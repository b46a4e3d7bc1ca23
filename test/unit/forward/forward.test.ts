import fc from "fast-check";
import { expect, test } from "vitest";
import * as z from "zod";
import { standardCatalog } from "../../../lib/catalog/index.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { createCatalog, defineEvent } from "../../../lib/event/index.ts";
import { forward } from "../../../lib/forward/forward.ts";
import type { PublishMiddleware } from "../../../lib/publish/middleware.ts";
import { testBus } from "../../../lib/testing/test-bus.ts";
import { publishableJson } from "../../support/publishable.ts";

const both = { laptop: { from: "laptop", to: "cloud" }, cloud: { from: "cloud", to: "laptop" } } as const;

/** Lets both buses come to rest. */
async function drain(...buses: readonly { drain(): Promise<void> }[]): Promise<void> {
  for (let round = 0; round < 4; round += 1) for (const bus of buses) await bus.drain();
}

test("an event is on the other bus as it was published, whatever of the optional fields it has", async () => {
  const text = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" });
  const metadata = fc.record(
    {
      correlationId: text,
      causationId: text,
      agentId: text,
      projectId: text,
      priority: fc.integer({ min: 1, max: 10 }),
      tags: fc.array(text, { maxLength: 5 }),
      expiresAt: fc.constant("2027-01-01T00:00:00.000000001Z"),
      traceparent: fc.constant("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(metadata, { minLength: 1, maxLength: 5 }), publishableJson(), async (list, data) => {
      const [here, there] = [testBus({ source: "here" }), testBus({ source: "there" })];
      await forward(here, { to: there });
      for (const one of list)
        await here.publish({
          type: "custom.moved",
          data: { data },
          metadata: one,
          time: "2020-01-01T00:00:00.123456Z",
        });
      await drain(here, there);
      expect(byId(there.published)).toEqual(byId(here.published));
      await Promise.all([here.close(), there.close()]);
    }),
    { numRuns: 30 },
  );
});

function byId<One extends { readonly id: string }>(events: readonly One[]): One[] {
  return events.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

test("one that starts a flow still starts it, and does not become its own cause", async () => {
  const [here, there] = [testBus(), testBus()];
  await forward(here, { to: there });
  const event = await here.emit.task.created({ taskId: "a" });
  await drain(here, there);
  expect(there.published).toEqual([event]);
  expect(there.published[0]?.metadata).not.toHaveProperty("causationId");
});

test("events of a flow arrive in the order in which they were accepted, urgent ones among them", async () => {
  const [here, there] = [testBus(), testBus()];
  for (let n = 0; n < 20; n += 1) {
    await here.publish({
      type: "custom.step",
      data: { n },
      metadata: { correlationId: "flow", priority: 10 - (n % 10) },
    });
  }
  await forward(here, { to: there, from: "beginning" });
  await drain(here, there);
  expect(there.published.map(({ data }) => data)).toEqual(here.published.map(({ data }) => data));
});

test("two buses that mirror each other have each event once", async () => {
  const [here, there] = [testBus(), testBus()];
  const handled: string[] = [];
  await forward(here, { to: there });
  await forward(there, { to: here });
  for (const [name, bus] of Object.entries({ here, there })) {
    await bus.subscribe({ name: "all", on: "custom.*" }, ({ id }) => handled.push(`${name} ${id}`));
  }
  for (const [id, bus] of Object.entries({ one: here, two: there }))
    await bus.publish({ type: "custom.said", data: {}, id });
  await drain(here, there);
  expect(handled.sort()).toEqual(["here one", "here two", "there one", "there two"]);
  expect((await here.metrics()).duplicates + (await there.metrics()).duplicates).toBe(2);
  expect([...here.published, ...there.published]).toHaveLength(4);
});

const delta = defineEvent("stream.said", { data: z.looseObject({}), history: false });

test("with names for the buses nothing goes back at all, not even what no history remembers", async () => {
  const catalog = createCatalog({ delta });
  const [here, there] = [testBus({ catalog }), testBus({ catalog })];
  await forward(here, { to: there, path: both.laptop });
  await forward(there, { to: here, path: both.cloud });
  const event = await here.publish(delta, {});
  await drain(here, there);
  expect(here.published).toEqual([event]);
  expect(there.published).toEqual([{ ...event, metadata: { ...event.metadata, tags: ["waggle-via:laptop"] } }]);
  expect((await here.metrics()).duplicates).toBe(0);
});

test("an event goes around a ring of buses once", async () => {
  const buses = [testBus(), testBus(), testBus()] as const;
  const names = ["a", "b", "c"];
  for (const [index, bus] of buses.entries()) {
    const to = buses[(index + 1) % 3];
    if (to !== undefined)
      await forward(bus, { to, path: { from: names[index] ?? "", to: names[(index + 1) % 3] ?? "" } });
  }
  const { id } = await buses[0].emit.task.created({ taskId: "a" });
  await drain(...buses);
  expect(buses.map(({ published }) => published.map((event) => event.id))).toEqual([[id], [id], [id]]);
});

test("one that has no room for another tag goes without, and comes back as a duplicate", async () => {
  const [here, there] = [testBus(), testBus()];
  await forward(here, { to: there, path: both.laptop });
  await forward(there, { to: here, path: both.cloud });
  const tags = Array.from({ length: 50 }, (_, n) => `tag-${n}`);
  await here.publish({ type: "custom.said", data: {}, metadata: { tags } });
  await drain(here, there);
  expect(there.published[0]?.metadata.tags).toEqual(tags);
  expect((await here.metrics()).duplicates).toBe(1);
});

test("an old version is forwarded as it was published, not as handlers see it", async () => {
  const old = {
    version: 1,
    data: z.looseObject({ name: z.string() }),
    upcast: ({ name }: { name: string }) => ({ title: name }),
  };
  const said = defineEvent("demo.said", { version: 2, data: z.looseObject({ title: z.string() }), older: [old] });
  const catalog = createCatalog({ said });
  const [here, there] = [testBus({ catalog }), testBus({ catalog })];
  await forward(here, { to: there });
  await forward(there, { to: here });
  const event = await Reflect.apply(here.publish, here, [
    { type: "demo.said", data: { name: "Ada" }, metadata: { version: 1 } },
  ]);
  await drain(here, there);
  expect(there.published).toEqual([event]);
  expect((await there.deadLetters.list()).deadLetters).toEqual([]);
});

test("what the handler of a replayed event published keeps its mark, and a replay to the forward fills up the target", async () => {
  const [here, there] = [testBus(), testBus()];
  const before = await here.emit.task.created({ taskId: "a" });
  await here.subscribe({ name: "worker", on: "task.created", from: "beginning" }, (_, { bus }) =>
    bus.publish({ type: "custom.worked", data: {} }),
  );
  await here.drain();
  await forward(here, { to: there, name: "mirror" });
  const { id } = await here.replay({ type: "task.created" }, { to: "worker" });
  await drain(here, there);
  expect(there.published.map(({ type, metadata }) => [type, metadata.replay])).toEqual([["custom.worked", { id }]]);
  expect(there.published[0]).toEqual(here.published.at(-1));
  await here.replay({}, { to: "mirror" });
  await drain(here, there);
  expect(byId(there.published)).toEqual(byId(here.published));
  expect(there.published.find((event) => event.id === before.id)?.metadata).not.toHaveProperty("replay");
});

test("what the target refuses is a dead letter at once, and what it cannot take now is tried again", async () => {
  let down = 3;
  const flaky: PublishMiddleware = (entry, next) => {
    down -= 1;
    if (down >= 0) throw new BusError("unavailable", "the target is down");
    return next(entry);
  };
  const here = testBus({
    catalog: standardCatalog.extend([defineEvent("demo.unknown_there", { data: z.looseObject({}) })]),
  });
  const there = testBus({ use: [{ publish: flaky }] });
  await forward(here, { to: there });
  const event = await here.emit.task.created({ taskId: "a" });
  await Reflect.apply(here.publish, here, [{ type: "demo.unknown_there", data: {} }]);
  await drain(here, there);
  expect(there.published).toEqual([event]);
  const { deadLetters } = await here.deadLetters.list();
  expect(deadLetters).toMatchObject([
    { subscription: "forward-to-memory", attempts: 1, reason: { code: "non_retriable" } },
  ]);
  expect(deadLetters[0]?.reason.message).toMatch(/refuses it, unknown_type: /);
});

test("it forwards what `on` and `where` select, and stops when it is closed", async () => {
  const [here, there] = [testBus(), testBus()];
  const link = await forward(here, { to: there, on: "task.*", where: { data: { taskId: ["a"] } } });
  await here.emit.task.created({ taskId: "a" });
  await here.emit.task.created({ taskId: "b" });
  await here.publish({ type: "custom.other", data: { taskId: "a" } });
  await drain(here, there);
  await link.close();
  await here.emit.task.created({ taskId: "a" });
  await drain(here, there);
  expect(there.published).toHaveLength(1);
  expect(await here.subscriptions.get("forward-to-memory")).toMatchObject({ waiting: 1, record: { attempts: 100 } });
});

test.each([
  ["no options", undefined, /options is missing|must be an object/],
  ["no target", {}, /to is missing/],
  ["a target that is no bus", { to: {} }, /to must be a bus/],
  ["names of a path that no tag can have", { path: { from: "a b", to: "c" } }, /path.from/],
  ["one name for both", { path: { from: "a", to: "a" } }, /both a/],
  ["a misspelt setting", { atempts: 3 }, /atempts/],
])("%s is refused", async (_, options, message) => {
  const [here, there] = [testBus(), testBus()];
  const given =
    options === undefined || "to" in options || Object.keys(options).length === 0 ? options : { to: there, ...options };
  const call: Promise<unknown> = Reflect.apply(forward, undefined, [here, given]);
  await expect(call).rejects.toMatchObject({ code: "invalid_config", message: expect.stringMatching(message) });
});

test("the same bus is refused as its own target", async () => {
  const here = testBus();
  await expect(forward(here, { to: here })).rejects.toMatchObject({ code: "invalid_config" });
});
