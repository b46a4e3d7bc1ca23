import { expect, test } from "vitest";
import type { HistoryQuery } from "../../../lib/engine/queries.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import type { Event } from "../../../lib/event/event.ts";
import { type ReplayOptions, replay } from "../../../lib/replay/replay.ts";
import type { SubscriptionRecord } from "../../../lib/subscription/subscription.ts";
import { turn } from "../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../support/a-record.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

const down = new BusError("unavailable", "the store is down");

/** An engine whose history has so many events, and then these subscriptions. */
async function replaying(size: number, ...records: Partial<SubscriptionRecord>[]) {
  const engine = new FakeEngine();
  const append = async (id: string, type = "task.created") => {
    await engine.log.append({ event: anEvent({ id, type }), ownId: false, history: true, inHandler: false });
  };
  for (let n = 0; n < size; n += 1) await append(`event-${n}`, n % 2 === 0 ? "task.created" : "task.failed");
  for (const record of records) await engine.subscriptions.put(aRecord(record), { ephemeral: false });
  const run = (selection: HistoryQuery = {}, options: ReplayOptions = { to: "*" }) =>
    replay(engine, () => "replay-1", selection, options);
  /** What was queued: subscription, ids and options of each call. */
  const queued = () =>
    engine.calls("deliveries.enqueue").map(([name, events, options]) => {
      const list: readonly Event[] = Array.isArray(events) ? events : [];
      return { name, ids: list.map(({ id }) => id), events: list, options };
    });
  return { engine, append, run, queued };
}

const even = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => from + n).flatMap((n) => (n % 2 === 0 ? [`event-${n}`] : []));

test("what each subscription wants is queued for it, oldest first, page by page", async () => {
  const { run, queued } = await replaying(600, { name: "created", on: ["task.created"] }, { name: "none", on: ["x"] });
  expect(await run()).toEqual({
    id: "replay-1",
    dryRun: false,
    events: 600,
    deliveries: { created: 300, none: 0 },
  });
  expect(queued().map(({ name, ids, options }) => ({ name, ids, options }))).toEqual(
    [
      [0, 256],
      [256, 512],
      [512, 600],
    ].map(([from = 0, to = 0]) => ({ name: "created", ids: even(from, to), options: { replayId: "replay-1" } })),
  );
});

test("a replayed event carries the mark, frozen, and is as it was in all else", async () => {
  const { engine, run, queued } = await replaying(1, {});
  const event = await engine.log.get("event-0");
  await run();
  const [replayed] = queued()[0]?.events ?? [];
  expect(replayed).toEqual({ ...event, metadata: { ...event?.metadata, replay: { id: "replay-1" } } });
  expect([replayed, replayed?.metadata, replayed?.metadata.replay].every(Object.isFrozen)).toBe(true);
  expect((await engine.log.get("event-0"))?.metadata.replay).toBeUndefined();
});

test("a dry run counts, and queues nothing", async () => {
  const { run, queued } = await replaying(3, { name: "created", on: ["task.created"] });
  expect(await run({}, { to: "created", dryRun: true })).toMatchObject({ events: 3, deliveries: { created: 2 } });
  expect(queued()).toEqual([]);
});

test("what is accepted while it reads is left out", async () => {
  const { engine, append, run, queued } = await replaying(300, {});
  const hold = engine.hold("log.query");
  const running = run();
  await turn();
  await append("late");
  hold.end();
  hold.calls[0]?.release();
  expect(await running).toMatchObject({ events: 300 });
  expect(queued().flatMap(({ ids }) => ids)).not.toContain("late");
});

test("the end is that of the call, also where the engine tells it late", async () => {
  const { engine, append, run } = await replaying(2, {});
  const hold = engine.hold("log.position");
  const running = run();
  await turn();
  await append("late");
  hold.end();
  hold.calls[0]?.release();
  expect(await running).toMatchObject({ events: 2 });
});

test("a subscription that is deleted meanwhile gets no more, and is no reason to stop the others", async () => {
  const { engine, run } = await replaying(600, { name: "deleted" }, { name: "kept" });
  const hold = engine.hold("deliveries.enqueue");
  const running = run();
  await turn();
  await engine.subscriptions.delete("deleted");
  hold.end();
  for (const call of hold.calls) call.release();
  expect(await running).toMatchObject({ events: 600, deliveries: { deleted: 256, kept: 600 } });
});

test("one that fails half way says so: what was delivered until then, under which id", async () => {
  const { engine, run } = await replaying(600, {});
  const hold = engine.hold("deliveries.enqueue");
  const running = run();
  await turn();
  engine.fail("deliveries.enqueue", down);
  hold.end();
  hold.calls[0]?.release();
  await expect(running).rejects.toMatchObject({
    name: "BusError",
    code: "unavailable",
    message: expect.stringMatching(/replay-1.*256.*the store is down/),
    retryable: true,
    cause: down,
    details: { report: { id: "replay-1", events: 512, deliveries: { one: 256 } } },
  });
});

test("a page that cannot be read says so in the same way; before the first delivery the error is the engine's", async () => {
  const { engine, run } = await replaying(600, {});
  engine.fail("log.query", down);
  await expect(run()).rejects.toBe(down);
  engine.fail("log.position", down);
  await expect(run()).rejects.toBe(down);
  engine.fail("subscriptions.list", down);
  await expect(run()).rejects.toBe(down);
  const hold = engine.hold("log.query");
  const running = run();
  await turn();
  hold.end();
  engine.fail("log.query", down);
  hold.calls[0]?.release();
  await expect(running).rejects.toMatchObject({ details: { report: { deliveries: { one: 256 } } }, cause: down });
});

test("what it cannot do is refused before anything is read", async () => {
  const { engine, run } = await replaying(1, { name: "readers" });
  const misspelt: object = { to: "readers", dryrun: true };
  await expect(run({}, { to: "reader" })).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("readers"),
  });
  await expect(run({}, { to: "readers", ...misspelt })).rejects.toMatchObject({ code: "invalid_config" });
  const unknown: object = { agent: "a" };
  await expect(run(unknown)).rejects.toMatchObject({ code: "invalid_config" });
  expect(engine.calls("log.query")).toEqual([]);
});

test.each<[string, unknown, unknown, RegExp]>([
  [
    "a Map",
    new Map([["type", "task.created"]]),
    { to: "*" },
    /the query must be an object of type, .*, not an instance of Map$/,
  ],
  ["a Set of ids", new Set(["event-1"]), { to: "*" }, /not an instance of Set$/],
  ["a promise", Promise.resolve({ ids: ["event-1"] }), { to: "*" }, /not an instance of Promise$/],
  ["a list of ids", ["event-1"], { to: "*" }, /not an array of 1$/],
  ["null", null, { to: "*" }, /not null$/],
  ["a page's limit", { limit: 1 }, { to: "*" }, /unknown filter limit/],
  ["a filter that is undefined", { type: undefined }, { to: "*" }, /type is undefined, and without it more/],
  ["a dry run by a text", {}, { to: "*", dryRun: "true" }, /dryRun must be true or false, not "true"$/],
  ["a dry run by a number", {}, { to: "*", dryRun: 1 }, /dryRun must be true or false, not 1$/],
  [
    "options in a Map",
    {},
    new Map([["to", "*"]]),
    /the options must be an object of to, dryRun, not an instance of Map$/,
  ],
  ["no options", {}, undefined, /the options must be an object of to, dryRun, not undefined$/],
])("a replay of %s is refused by name, and nothing is delivered", async (_, selection, options, says) => {
  const { engine, queued } = await replaying(2, { name: "one" });
  const calling: unknown = Reflect.apply(replay, undefined, [engine, () => "replay-1", selection, options]);
  await expect(calling).rejects.toMatchObject({ code: "invalid_config", message: expect.stringMatching(says) });
  expect(queued()).toEqual([]);
});
