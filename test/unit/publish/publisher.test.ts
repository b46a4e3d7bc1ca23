import { expect, test } from "vitest";
import { MemoryEngine } from "../../../lib/engines/memory/index.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { createCatalog } from "../../../lib/event/catalog.ts";
import type { Draft } from "../../../lib/event/event.ts";
import type { PublishMiddleware } from "../../../lib/publish/middleware.ts";
import { Publisher } from "../../../lib/publish/publisher.ts";
import { Counters } from "../../../lib/runtime/metrics.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";

/** A publisher whose intake is as told. */
function publishing(intake: PublishMiddleware, closed?: BusError) {
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
