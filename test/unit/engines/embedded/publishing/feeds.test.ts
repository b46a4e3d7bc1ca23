import { join } from "node:path";
import { expect, test } from "vitest";
import { openEmbedded } from "../../../../../lib/engines/embedded/index.ts";
import { systemClock } from "../../../../../lib/runtime/clock.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { temporaryDirectory } from "../../../../support/temporary-directory.ts";

const ignore = () => {};

async function opened() {
  const { path, remove } = await temporaryDirectory();
  const open = () =>
    openEmbedded({
      file: join(path, "bus.db"),
      clock: systemClock,
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      onError: ignore,
      random: Math.random,
    });
  return { engine: await open(), open, remove };
}

const entry = (id: string, more = {}) => ({
  event: anEvent({ id }),
  ownId: false,
  history: true,
  inHandler: false,
  ...more,
});

test("what another log accepted is taken over once: with its deliveries, and only from where the feed stands", async () => {
  const { engine, open, remove } = await opened();
  const { log, subscriptions } = engine;
  await subscriptions.put(aRecord({ name: "all" }), { ephemeral: false });
  const first = { feed: "topic/0", from: undefined, to: 2, entries: [entry("a"), entry("b")] };
  expect((await log.takeOver?.(first))?.map((result) => "event" in result && result.event.id)).toEqual(["a", "b"]);
  // The same again, whoever tries, and one that begins elsewhere.
  expect(await log.takeOver?.(first)).toBeUndefined();
  expect(await log.takeOver?.({ feed: "topic/0", from: 1, to: 3, entries: [entry("c")] })).toBeUndefined();
  // Another feed stands by itself; nothing may come of a stretch.
  expect(await log.takeOver?.({ feed: "topic/1", from: undefined, to: 7, entries: [] })).toEqual([]);
  expect(await log.takeOver?.({ feed: "topic/0", from: 2, to: 3, entries: [entry("c")] })).toHaveLength(1);
  expect((await subscriptions.get("all"))?.waiting).toBe(3);
  await engine.close();
  const again = await open();
  expect(await again.log.feeds?.()).toEqual(
    new Map([
      ["topic/0", 3],
      ["topic/1", 7],
    ]),
  );
  expect((await again.log.query({}, {})).events.map(({ event }) => event.id)).toEqual(["c", "b", "a"]);
  await again.close();
  await remove();
});

test("an id that a caller gave is a duplicate or a conflict as in append, and the others of the stretch are stored", async () => {
  const { engine, remove } = await opened();
  const { log } = engine;
  const own = { ownId: true };
  const results = await log.takeOver?.({
    feed: "f",
    from: undefined,
    to: 4,
    entries: [
      entry("a", own),
      entry("a", own),
      { ...entry("a", own), event: anEvent({ id: "a", data: { other: true } }) },
      entry("b"),
    ],
  });
  expect(results?.map((result) => ("event" in result ? result.duplicate : result.code))).toEqual([
    false,
    true,
    "conflict",
    false,
  ]);
  await engine.close();
  await remove();
});

test("takeovers that come together are written together, and one that cannot be written harms no other", async () => {
  const { engine, remove } = await opened();
  const { log } = engine;
  // What is no text cannot be bound, so that its transaction fails.
  const broken = { ...entry("c"), event: { ...anEvent({ id: "c" }), id: Symbol("no text") } };
  const settled = await Promise.allSettled([
    log.takeOver?.({ feed: "one", from: undefined, to: 1, entries: [entry("a")] }),
    Reflect.apply(log.takeOver ?? Object, log, [{ feed: "two", from: undefined, to: 1, entries: [broken] }]),
    log.takeOver?.({ feed: "three", from: undefined, to: 1, entries: [entry("b")] }),
  ]);
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect([...((await log.feeds?.())?.keys() ?? [])].toSorted()).toEqual(["one", "three"]);
  await engine.close();
  await remove();
});

test("an event counts as accepted when the other log accepted it, and never in the future", async () => {
  const { engine, remove } = await opened();
  const { log } = engine;
  const hourAgo = Date.now() - 3_600_000;
  const entries = [entry("old", { acceptedAt: hourAgo }), entry("new", { acceptedAt: Date.now() + 3_600_000 })];
  await log.takeOver?.({ feed: "f", from: undefined, to: 2, entries });
  const since = async (ms: number) =>
    (await log.query({ since: new Date(ms) }, {})).events.map(({ event }) => event.id);
  expect(await since(hourAgo)).toEqual(["new", "old"]);
  expect(await since(hourAgo + 1)).toEqual(["new"]);
  expect(await since(Date.now() + 1_000)).toEqual([]);
  await engine.close();
  await remove();
});
