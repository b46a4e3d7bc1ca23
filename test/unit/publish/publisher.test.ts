import { expect, test } from "vitest";
import { type RunContext, runContext } from "../../../lib/delivery/run-context.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { createCatalog } from "../../../lib/event/catalog.ts";
import type { Draft } from "../../../lib/event/event.ts";
import type { PublishMiddleware } from "../../../lib/publish/middleware.ts";
import type { DraftPublishOptions } from "../../../lib/publish/options.ts";
import { Publisher } from "../../../lib/publish/publisher.ts";
import { Counters } from "../../../lib/runtime/metrics.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

const draft = { type: "custom.thing.happened", data: { n: 1 } };
const down = new BusError("unavailable", "the store is down");
const full = new BusError("throttled", "full");

function publishing(middleware: readonly PublishMiddleware[] = [], canDelay = true) {
  const clock = new ManualClock();
  const engine = new FakeEngine({ clock });
  const counters = new Counters();
  let closed: BusError | undefined;
  let ids = 0;
  const nextId = () => {
    ids += 1;
    return `id-${ids}`;
  };
  const publisher = new Publisher(
    {
      log: engine.log,
      catalog: createCatalog([]),
      source: "test",
      clock,
      nextId,
      counters,
      canDelay: () => canDelay,
      closed: () => closed,
    },
    middleware,
  );
  const close = (reason: BusError) => {
    closed = reason;
  };
  return { engine, counters, publisher, close };
}

/** A run, and what it was told to wait for. */
function aRun(parts: Partial<RunContext> = {}) {
  const tracked: { publish: Promise<unknown>; isObserved: (() => boolean) | undefined }[] = [];
  const run: RunContext = {
    event: anEvent({ id: "cause", metadata: { correlationId: "flow" } }),
    subscription: "readers",
    aborted: undefined,
    signal: new AbortController().signal,
    track: (publish, isObserved) => tracked.push({ publish, isObserved }),
    ...parts,
  };
  return { run, tracked };
}

test("what the engine takes at once is given back as it is stored, and counted", async () => {
  const { publisher, counters, engine } = publishing();
  const event = await publisher.publish(draft, undefined);
  expect(event).toMatchObject({ id: "id-1", source: "test", ...draft });
  expect(engine.calls("log.append")).toEqual([[{ event, ownId: false, history: true, inHandler: false }]]);
  expect(counters).toMatchObject({ published: 1, duplicates: 0 });
});

test("it resolves when the engine has answered, in whatever order it answers", async () => {
  const { publisher, counters, engine } = publishing();
  const hold = engine.hold("log.append");
  const resolved: string[] = [];
  const both = ["first", "second"].map(async (id) => {
    await publisher.publish({ ...draft, id }, undefined);
    resolved.push(id);
  });
  await turn();
  expect(counters.published).toBe(0);
  for (const call of [...hold.calls].reverse()) {
    call.release();
    await turn();
  }
  await Promise.all(both);
  expect(resolved).toEqual(["second", "first"]);
  expect(counters.published).toBe(2);
});

test("a duplicate gives the event that was stored before, and counts as one", async () => {
  const { publisher, counters } = publishing();
  const first = await publisher.publish({ ...draft, id: "own" }, undefined);
  expect(await publisher.publish({ ...draft, id: "own", time: "2001-01-01T00:00:00Z" }, undefined)).toBe(first);
  expect(counters).toMatchObject({ published: 1, duplicates: 1 });
});

test.each<[string, () => ReturnType<typeof publishing>, Draft]>([
  ["a middleware that throws", () => publishing([() => Promise.reject(full)]), draft],
  [
    "a middleware that throws at once",
    () =>
      publishing([
        () => {
          throw full;
        },
      ]),
    draft,
  ],
  [
    "an engine that rejects",
    () => {
      const made = publishing();
      made.engine.fail("log.append", down);
      return made;
    },
    draft,
  ],
  ["a bad draft", () => publishing(), { ...draft, data: undefined }],
  [
    "a closed bus",
    () => {
      const made = publishing();
      made.close(new BusError("closed", "the bus is closed"));
      return made;
    },
    draft,
  ],
])("%s is a promise that rejects, never a call that throws, and counts for nothing", async (_, make, given) => {
  const { publisher, counters } = make();
  const published = publisher.publish(given, undefined);
  await expect(published).rejects.toBeInstanceOf(BusError);
  expect(counters).toMatchObject({ published: 0, duplicates: 0 });
});

test("what was refused can be published again, and is then no duplicate", async () => {
  const { publisher, counters, engine } = publishing();
  engine.fail("log.append", down);
  await expect(publisher.publish({ ...draft, id: "own" }, undefined)).rejects.toBe(down);
  await publisher.publish({ ...draft, id: "own" }, undefined);
  expect(counters).toMatchObject({ published: 1, duplicates: 0 });
});

test("in a run it carries the cause, is said to be in a handler, and the run waits for it", async () => {
  const { publisher, engine } = publishing();
  const { run, tracked } = aRun();
  const hold = engine.hold("log.append");
  const published = runContext.run(run, () => publisher.publish(draft, undefined));
  await turn();
  expect(tracked.map(({ isObserved }) => isObserved?.())).toEqual([false]);
  hold.calls[0]?.release();
  const { metadata } = await published;
  expect(tracked.map(({ isObserved }) => isObserved?.())).toEqual([true]);
  expect(await tracked[0]?.publish).toMatchObject({ metadata });
  expect(metadata).toMatchObject({ correlationId: "flow", causationId: "cause" });
  expect(engine.calls("log.append")).toMatchObject([[{ inHandler: true }]]);
});

test("a run that was aborted publishes no more, and the error says why", async () => {
  const { publisher, engine } = publishing();
  const late = new BusError("timeout", "its time was up");
  const { run } = aRun({ aborted: late });
  await expect(runContext.run(run, () => publisher.publish(draft, undefined))).rejects.toMatchObject({
    code: "aborted",
    message: expect.stringMatching(/readers.*its time was up/),
    cause: late,
  });
  expect(engine.calls("log.append")).toEqual([]);
});

test("a dedupe key gives one id for the same cause, subscription and key, and another for any other", async () => {
  const { publisher } = publishing();
  const idIn = async (parts: Partial<RunContext>, dedupe = "summary") => {
    const { run } = aRun(parts);
    return (await runContext.run(run, () => publisher.publish(draft, { dedupe }))).id;
  };
  const id = await idIn({});
  expect(id).toMatch(/^dedupe-[\w-]{43}$/);
  expect(await idIn({})).toBe(id);
  const replayed = anEvent({ id: "cause", metadata: { correlationId: "flow", replay: { id: "replay-1" } } });
  const others = [
    await idIn({}, "index"),
    await idIn({ subscription: "writers" }),
    await idIn({ event: anEvent({ id: "other" }) }),
    await idIn({ event: replayed }),
    (await publisher.publish(draft, { dedupe: "summary" })).id,
    (await publisher.publish({ ...draft, source: "other" }, { dedupe: "summary" })).id,
  ];
  expect(new Set([id, ...others]).size).toBe(7);
  await expect(publisher.publish({ ...draft, id: "own" }, { dedupe: "summary" })).rejects.toMatchObject({
    code: "invalid_event",
  });
});

test.each([[""], [5], [null], [Symbol("key")], [{}]])("%o is no dedupe key", async (dedupe) => {
  const { publisher, engine } = publishing();
  await expect(Reflect.apply(publisher.publish, publisher, [draft, { dedupe }])).rejects.toMatchObject({
    code: "invalid_event",
    message: expect.stringContaining("dedupe must be a string of at least 1 character"),
  });
  expect(engine.calls("log.append")).toEqual([]);
});

test("a delay counts from the clock of the bus", async () => {
  const { publisher } = publishing();
  const { metadata } = await publisher.publish({ ...draft, metadata: { priority: 2 } }, { delay: "10m" });
  expect(metadata).toMatchObject({ priority: 2, deliverAt: "2026-01-01T00:10:00.000Z" });
  const week = await publisher.publish(draft, { delay: "7d" });
  expect(week.metadata.deliverAt).toBe("2026-01-08T00:00:00.000Z");
});

test("a deliverAt goes with a dedupe key", async () => {
  const { publisher } = publishing();
  const event = await publisher.publish(draft, { dedupe: "key", deliverAt: "2026-01-01T00:10:00Z" });
  expect(event).toMatchObject({ id: expect.stringMatching(/^dedupe-/), metadata: { deliverAt: expect.any(String) } });
});

// @ts-expect-error the types refuse it as well
const both: DraftPublishOptions = { delay: 5, deliverAt: "2026-01-01T00:10:00Z" };

test.each<[DraftPublishOptions, string, string]>([
  [{ delay: "8d" }, "invalid_config", 'custom.thing.happened: delay must be from 0ms to 7d, not "8d"'],
  [
    { deliverAt: "soon" },
    "invalid_event",
    'deliverAt must be an RFC 3339 time with an offset, such as 2026-01-31T12:00:00Z, not "soon"',
  ],
  [both, "invalid_event", "not both"],
])("%j is refused", async (options, code, message) => {
  const { publisher, counters } = publishing();
  await expect(publisher.publish(draft, options)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
  expect(counters.published).toBe(0);
});

test("an engine that cannot delay refuses an event with a time of delivery, and no other", async () => {
  const { publisher } = publishing([], false);
  const refused = expect.objectContaining({
    code: "invalid_config",
    message: expect.stringContaining("cannot delay deliveries"),
  });
  await expect(publisher.publish(draft, { delay: 5 })).rejects.toEqual(refused);
  await expect(
    publisher.publish({ ...draft, metadata: { deliverAt: "2026-01-01T00:10:00Z" } }, undefined),
  ).rejects.toEqual(refused);
  await expect(publisher.publish(draft, {})).resolves.toMatchObject(draft);
});
