import { expect, test } from "vitest";
import { MemoryEngine } from "../../../lib/engines/memory/index.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { createCatalog } from "../../../lib/event/catalog.ts";
import type { Draft } from "../../../lib/event/event.ts";
import type { PublishMiddleware } from "../../../lib/publish/middleware.ts";
import type { DraftPublishOptions } from "../../../lib/publish/options.ts";
import { Publisher } from "../../../lib/publish/publisher.ts";
import { Counters } from "../../../lib/runtime/metrics.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";

/** A publisher whose intake is as told. */
function publishing(intake: PublishMiddleware, closed?: BusError, canDelay = true) {
  const clock = new ManualClock();
  const nextId = () => "id-1";
  const counters = new Counters();
  const engine = new MemoryEngine({ clock, nextId });
  const host = {
    log: engine.log,
    catalog: createCatalog([]),
    source: "test",
    clock,
    nextId,
    counters,
    canDelay: () => canDelay,
    closed: () => closed,
  };
  return { publisher: new Publisher(host, [intake]), counters };
}

const draft = { type: "custom.thing.happened", data: { n: 1 } };
const full = new BusError("throttled", "full");

test.each<[string, PublishMiddleware]>([
  ["at once", ({ event }) => ({ event, duplicate: false })],
  ["later", async ({ event }) => ({ event, duplicate: false })],
])("what is accepted %s is given back as it is stored, and counted", async (_, intake) => {
  const { publisher, counters } = publishing(intake);
  await expect(publisher.publish(draft, undefined)).resolves.toMatchObject({ id: "id-1", source: "test", ...draft });
  expect(counters).toMatchObject({ published: 1, duplicates: 0 });
});

test("a duplicate gives the event that was stored before, and counts as one", async () => {
  const { publisher, counters } = publishing(async ({ event }) => ({
    event: { ...event, id: "before" },
    duplicate: true,
  }));
  await expect(publisher.publish(draft, undefined)).resolves.toMatchObject({ id: "before" });
  expect(counters).toMatchObject({ published: 0, duplicates: 1 });
});

test.each<[string, PublishMiddleware, Draft, BusError | undefined]>([
  [
    "an intake that throws",
    () => {
      throw full;
    },
    draft,
    undefined,
  ],
  ["an intake that rejects", () => Promise.reject(full), draft, undefined],
  ["a bad draft", async ({ event }) => ({ event, duplicate: false }), { ...draft, data: undefined }, undefined],
  ["a closed bus", async ({ event }) => ({ event, duplicate: false }), draft, full],
])(
  "%s is a promise that rejects, never a call that throws, and counts for nothing",
  async (_, intake, given, closed) => {
    const { publisher, counters } = publishing(intake, closed);
    const published = publisher.publish(given, undefined);
    await expect(published).rejects.toBeInstanceOf(BusError);
    expect(counters).toMatchObject({ published: 0, duplicates: 0 });
  },
);

test("a delay counts from the clock of the bus", async () => {
  const { publisher } = publishing(({ event }) => ({ event, duplicate: false }));
  const { metadata } = await publisher.publish({ ...draft, metadata: { priority: 2 } }, { delay: "10m" });
  expect(metadata).toMatchObject({ priority: 2, deliverAt: "2026-01-01T00:10:00.000Z" });
  const week = await publisher.publish(draft, { delay: "7d" });
  expect(week.metadata.deliverAt).toBe("2026-01-08T00:00:00.000Z");
});

test("a deliverAt goes with a dedupe key", async () => {
  const { publisher } = publishing(({ event }) => ({ event, duplicate: false }));
  const event = await publisher.publish(draft, { dedupe: "key", deliverAt: "2026-01-01T00:10:00Z" });
  expect(event).toMatchObject({ id: expect.stringMatching(/^dedupe-/), metadata: { deliverAt: expect.any(String) } });
});

// @ts-expect-error the types refuse it as well
const both: DraftPublishOptions = { delay: 5, deliverAt: "2026-01-01T00:10:00Z" };

test.each<[DraftPublishOptions, string, string]>([
  [{ delay: "8d" }, "invalid_config", 'custom.thing.happened: delay is "8d"; give a duration from 0ms to 7d'],
  [{ deliverAt: "soon" }, "invalid_event", 'deliverAt is "soon"'],
  [both, "invalid_event", "not both"],
])("%j is refused", async (options, code, message) => {
  const { publisher, counters } = publishing(({ event }) => ({ event, duplicate: false }));
  await expect(publisher.publish(draft, options)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
  expect(counters.published).toBe(0);
});

test("an engine that cannot delay refuses what says when, and nothing else", async () => {
  const { publisher } = publishing(({ event }) => ({ event, duplicate: false }), undefined, false);
  const refused = expect.objectContaining({ code: "invalid_config", message: expect.stringContaining("cannot hold") });
  await expect(publisher.publish(draft, { delay: 5 })).rejects.toEqual(refused);
  await expect(
    publisher.publish({ ...draft, metadata: { deliverAt: "2026-01-01T00:10:00Z" } }, undefined),
  ).rejects.toEqual(refused);
  await expect(publisher.publish(draft, {})).resolves.toMatchObject(draft);
});
