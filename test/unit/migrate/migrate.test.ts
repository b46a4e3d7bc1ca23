import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { engineOf } from "../../../lib/bus/engine-of.ts";
import type { Engine, EngineFactory } from "../../../lib/engine/engine.ts";
import type { OpenDelivery } from "../../../lib/engine/transfer.ts";
import { MemoryEngine } from "../../../lib/engines/memory/index.ts";
import { type Bus, connect } from "../../../lib/index.ts";
import { openDeliveries } from "../../../lib/migrate/contents.ts";
import { digestOf } from "../../../lib/migrate/digest.ts";
import { migrate } from "../../../lib/migrate/migrate.ts";
import { eventually } from "../../support/eventually.ts";
import { fillBus } from "../../support/fill-bus.ts";
import { publishableJson } from "../../support/publishable.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const common = { source: "test", logLevel: "silent", grace: 1 } as const;

async function directory(): Promise<string> {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  return path;
}

async function memory(): Promise<Bus> {
  return opened(connect({ ...common, engine: "memory" }));
}

async function embedded(file?: string): Promise<Bus> {
  return opened(connect({ ...common, engine: "embedded", file: file ?? join(await directory(), "bus.db") }));
}

async function opened(opening: Promise<Bus>): Promise<Bus> {
  const bus = await opening;
  onTestFinished(() => bus.close());
  return bus;
}

function engine(bus: Bus): Engine {
  const found = engineOf(bus);
  if (found === undefined) throw new Error("it has an engine");
  return found;
}

const contents = (bus: Bus) => digestOf(engine(bus), { counted: () => {} });

test.each([
  ["embedded", "memory", embedded, memory],
  ["memory", "embedded", memory, embedded],
  ["embedded", "embedded", embedded, embedded],
] as const)(
  "all that a bus holds moves from %s to %s as it stands, and back",
  async (_, __, openSource, openTarget) => {
    const [source, target] = [await openSource(), await openTarget()];
    await fillBus(source);
    const before = await contents(source);
    const report = await migrate(source, target);
    expect(report.verified).toEqual(before);
    expect(report.source).toEqual({
      events: 10,
      deadLetters: 2,
      subscriptions: 4,
      deliveries: before.deliveries.count,
    });
    expect(await contents(source)).toEqual(before);
    const opens = async (bus: Bus) => {
      const open: OpenDelivery[] = [];
      for await (const page of openDeliveries(engine(bus))) open.push(...page);
      return open;
    };
    const due = (await opens(source)).map(({ dueAt }) => dueAt);
    expect((await opens(target)).map(({ dueAt }) => dueAt)).toEqual(expect.arrayContaining(due));
    expect(due.filter((at) => at !== undefined).length).toBeGreaterThan(3);
    const back = await openSource();
    expect((await migrate(target, back)).verified.deliveries).toEqual(before.deliveries);
  },
);

test("whatever history there is, it is the same on the other side", async () => {
  const events = fc.array(
    fc.record({
      type: fc.constantFrom("custom.a", "custom.b", "task.created"),
      data: publishableJson(),
      metadata: fc.record(
        {
          priority: fc.integer({ min: 1, max: 10 }),
          tags: fc.array(fc.string({ minLength: 1, unit: "grapheme-ascii" }), { maxLength: 3 }),
        },
        { requiredKeys: [] },
      ),
      id: fc.uuid({ version: [4, 7] }),
    }),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(events, async (drafts) => {
      const path = await directory();
      const [source, target] = [await memory(), await embedded(join(path, "bus.db"))];
      await (await source.subscribe({ name: "some", on: "custom.*" }, () => {})).close();
      await Reflect.apply(source.publishAll, source, [drafts.map((draft) => ({ ...draft, data: { of: draft.data } }))]);
      const before = await contents(source);
      expect((await migrate(source, target)).verified).toEqual(before);
      await Promise.all([source.close(), target.close()]);
    }),
    { numRuns: 15 },
  );
});

test("each event succeeds once in a subscription, before the move or after it", async () => {
  const [source, target] = [await embedded(), await embedded()];
  const handled: string[] = [];
  const subscription = { name: "worker", on: "custom.*" };
  const worker = await source.subscribe({ ...subscription, concurrency: 2 }, ({ id }) => handled.push(id));
  for (let n = 0; n < 20; n += 1) await source.publish({ type: "custom.work", data: {}, id: `work-${n}` });
  await eventually("some are handled", () => handled.length > 5);
  await worker.close();
  await migrate(source, target);
  await source.close();
  await target.subscribe(subscription, ({ id }) => handled.push(id));
  await target.publish({ type: "custom.work", data: {}, id: "work-3" });
  await target.publish({ type: "custom.work", data: {}, id: "work-20" });
  await eventually("all are handled", () => handled.length >= 21);
  expect(handled.toSorted()).toEqual(Array.from({ length: 21 }, (_, n) => `work-${n}`).sort());
});

/** The memory engine, which fails at a call of its transfer, or can move nothing. */
function brokenAt(call: number, ofEngine: { readonly transfers?: boolean; engine?: MemoryEngine } = {}): EngineFactory {
  return (context) => {
    const inner = ofEngine.engine ?? new MemoryEngine(context);
    ofEngine.engine = inner;
    let calls = 0;
    const tried = () => {
      calls += 1;
      if (calls === call) throw new Error("killed here");
    };
    const { transfer } = inner;
    const breaking: Engine["transfer"] = {
      others: () => transfer.others(),
      openDeliveries: (limit, cursor) => transfer.openDeliveries(limit, cursor),
      addEvents: async (list) => {
        tried();
        // Half of it is there, as where a target could not keep all or nothing.
        await transfer.addEvents(list);
        tried();
      },
      addDeliveries: async (list) => {
        tried();
        await transfer.addDeliveries(list);
        tried();
      },
    };
    const { transfer: _, ...rest } = { ...inner };
    const { log, deliveries, subscriptions, deadLetters, capabilities } = inner;
    return {
      ...rest,
      name: "broken",
      capabilities,
      log,
      deliveries,
      subscriptions,
      deadLetters,
      watch: (changed) => inner.watch(changed),
      // It outlives its bus here, as a store does.
      close: async () => {},
      ...(ofEngine.transfers === false ? {} : { transfer: breaking }),
    };
  };
}

test.each([1, 2, 3, 4, 5, 6])(
  "interrupted at step %i, the same call goes on, and moves nothing twice",
  async (call) => {
    const source = await embedded();
    await fillBus(source);
    const before = await contents(source);
    const kept: { engine?: MemoryEngine } = {};
    const first = await opened(connect({ ...common, engine: brokenAt(call, kept) }));
    await expect(migrate(source, first)).rejects.toThrow("killed here");
    const second = await opened(connect({ ...common, engine: brokenAt(0, kept) }));
    const report = await migrate(source, second);
    if (report.movedBefore === undefined) expect(report.verified).toEqual(before);
    else expect(call).toBe(6);
  },
);

test("once all is moved the same call changes nothing, though the target has gone on by then", async () => {
  const [source, target] = [await embedded(), await embedded()];
  await fillBus(source);
  await migrate(source, target);
  const worker = await target.subscribe({ name: "waiting", on: "*" }, () => {});
  await eventually("it goes on", async () => (await worker.info()).backlog < 3);
  await worker.close();
  const after = await contents(target);
  expect(await migrate(source, target)).toMatchObject({ movedBefore: expect.any(String), verified: {} });
  expect(await contents(target)).toEqual(after);
});

test("a dry run counts, and changes nothing", async () => {
  const [source, target] = [await embedded(), await embedded()];
  await fillBus(source);
  const steps = new Set<string>();
  const report = await migrate(source, target, { dryRun: true, onProgress: ({ step }) => steps.add(step) });
  expect(report).toMatchObject({ dryRun: true, verified: {}, source: { events: 10, subscriptions: 4 } });
  expect([...steps]).toEqual(["count"]);
  expect((await contents(target)).events.count).toBe(0);
  expect(await target.subscriptions.list()).toEqual([]);
});

test("it is refused while somebody else uses the source or the target", async () => {
  const file = join(await directory(), "bus.db");
  const [source, other, target] = [await embedded(file), await embedded(file), await embedded()];
  await expect(migrate(source, target)).rejects.toMatchObject({
    code: "conflict",
    details: { which: "source", others: 1 },
  });
  await expect(migrate(target, source)).rejects.toMatchObject({ code: "conflict", details: { which: "target" } });
  await other.close();
  expect((await migrate(source, target)).verified.events?.count).toBe(0);
});

test("a target that has events of its own is refused, and left as it is", async () => {
  const [source, target] = [await embedded(), await memory()];
  await fillBus(source);
  const { id } = await target.publish({ type: "custom.own", data: {} });
  await expect(migrate(source, target)).rejects.toMatchObject({ code: "conflict", details: { eventId: id } });
  expect((await contents(target)).events.count).toBe(1);
});

test("what a target cannot take is said before anything is moved; the rest moves where that is wanted", async () => {
  const source = await embedded();
  await fillBus(source);
  const target = await opened(connect({ ...common, engine: brokenAt(0, { transfers: false }) }));
  await expect(migrate(source, target)).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringMatching(
      /history \(.* as of today\), attempts and delays \(.* as a replay\); give `partial`/,
    ),
  });
  expect(await target.subscriptions.list()).toEqual([]);
  const report = await migrate(source, target, { partial: true });
  expect(report.lost).toEqual(["history", "attempts", "delays"]);
  expect(report.verified).toEqual({});
  expect(await target.deadLetters.list()).toEqual(await source.deadLetters.list());
  expect((await target.history.query()).events).toEqual([]);
  const waiting = (await target.subscriptions.list()).reduce((sum, state) => sum + state.waiting + state.delayed, 0);
  expect(waiting).toBe(report.source.deliveries);
  await expect(migrate(target, source)).rejects.toMatchObject({ code: "invalid_config" });
});

test("aborted, it stops, and says so", async () => {
  const [source, target] = [await embedded(), await memory()];
  await fillBus(source);
  const controller = new AbortController();
  const onProgress = () => controller.abort(new Error("enough"));
  await expect(migrate(source, target, { signal: controller.signal, onProgress })).rejects.toMatchObject({
    code: "aborted",
  });
});

test.each([
  ["no bus", [{}, {}]],
  ["a misspelt option", [undefined, undefined, { dryrun: true }]],
])("%s is refused", async (_, given) => {
  const buses = [await memory(), await memory()];
  const [from = buses[0], to = buses[1], options] = given;
  const call: Promise<unknown> = Reflect.apply(migrate, undefined, [from, to, options]);
  await expect(call).rejects.toMatchObject({ code: "invalid_config" });
});
