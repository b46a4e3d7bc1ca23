import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import { BusError, connect, type Event } from "../../../lib/index.ts";
import { createOutbox, sqliteOutbox } from "../../../lib/outbox-entry.ts";
import type { PublishMiddleware } from "../../../lib/publish/middleware.ts";
import { testBus } from "../../../lib/testing/index.ts";
import { eventually } from "../../support/eventually.ts";

const type = "custom.order.placed";

/** An outbox in a database in memory, on a bus whose publishes `publish` may refuse. */
async function open(publish: PublishMiddleware = (entry, next) => next(entry)) {
  const database = new DatabaseSync(":memory:");
  const bus = testBus({ source: "shop", use: [{ publish }] });
  const outbox = createOutbox({ store: sqliteOutbox(database), bus });
  await outbox.create();
  onTestFinished(async () => {
    await bus.close();
    database.close();
  });
  return { bus, database, outbox };
}

function refuse(which: (event: Event) => boolean, error: () => BusError): PublishMiddleware {
  return (entry, next) => {
    if (which(entry.event)) throw error();
    return next(entry);
  };
}

test("an event is published when its transaction has committed, as it was validated, and then is no longer in the outbox", async () => {
  const { bus, database, outbox } = await open();
  database.exec("CREATE TABLE orders (id int); BEGIN; INSERT INTO orders VALUES (12)");
  const event = outbox.add(database, { type, data: { id: 12 }, metadata: { tags: ["gift"] } }, { delay: "1h" });
  expect(event).toMatchObject({ type, source: "shop", data: { id: 12 }, metadata: { deliverAt: expect.any(String) } });
  database.exec("COMMIT");
  expect(await outbox.state()).toEqual({ waiting: 1, failed: 0, oldestAt: expect.any(String) });
  expect(await outbox.flush()).toEqual({ published: 1, failed: 0, postponed: 0 });
  expect(bus.published).toEqual([event]);
  expect(await outbox.state()).toEqual({ waiting: 0, failed: 0 });
});

test("what is rolled back is never published, though the relay uses the same handle meanwhile", async () => {
  const { bus, database, outbox } = await open();
  database.exec("BEGIN");
  outbox.add(database, { type, data: {} });
  const flushed = outbox.flush();
  await new Promise(setImmediate);
  database.exec("ROLLBACK");
  expect(await flushed).toEqual({ published: 0, failed: 0, postponed: 0 });
  expect(bus.published).toEqual([]);
});

test("a draft that a publish would refuse is refused at once, and nothing of it is stored", async () => {
  const { database, outbox } = await open();
  expect(() => outbox.add(database, { type: "task.created", data: {} } as never)).toThrow(
    expect.objectContaining({ code: "invalid_event" }),
  );
  expect(() => outbox.add(database, { type, data: {} }, { key: "" })).toThrow(/key must be a string of 1 to 256/);
  expect(() => outbox.add(database, { type, data: {} }, { tx: database } as never)).toThrow(/unknown option tx/);
  expect(await outbox.state()).toEqual({ waiting: 0, failed: 0 });
});

test("what a handler adds has its cause and its flow, and the mark of a replay", async () => {
  const { bus, database, outbox } = await open();
  await bus.subscribe({ name: "orders", on: "custom.asked" }, () => {
    outbox.add(database, { type, data: {} }, { dedupe: "placed" });
  });
  const cause = await bus.publish({ type: "custom.asked", data: {} });
  await bus.drain();
  const { id: replayId } = await bus.replay({ ids: [cause.id] }, { to: "orders" });
  await bus.drain();
  await outbox.flush();
  const [, first, second] = bus.published;
  expect(first?.metadata).toMatchObject({ causationId: cause.id, correlationId: cause.id });
  expect(second?.metadata).toMatchObject({ causationId: cause.id, replay: { id: replayId } });
});

test("an entry that can never be published is set aside with its reason, and its key goes on; it can be retried and discarded", async () => {
  let bad = true;
  const isBad = ({ data }: Event) => bad && JSON.stringify(data).includes("bad");
  const { bus, database, outbox } = await open(refuse(isBad, () => new BusError("event_too_large", "too much")));
  const first = outbox.add(database, { type, data: { n: "bad" } }, { key: "a" });
  const second = outbox.add(database, { type, data: { n: 2 } }, { key: "a" });
  expect(await outbox.flush()).toEqual({ published: 1, failed: 1, postponed: 0 });
  expect(bus.published).toEqual([second]);
  const { entries } = await outbox.list({ state: "failed" });
  expect(entries).toEqual([
    {
      id: first.id,
      type,
      key: "a",
      state: "failed",
      attempts: 1,
      addedAt: expect.any(String),
      error: { code: "event_too_large", message: "too much", at: expect.any(String) },
      event: first,
    },
  ]);
  expect(await outbox.flush()).toMatchObject({ published: 0, failed: 0 });
  bad = false;
  expect(await outbox.retry(["no such id"])).toEqual([]);
  expect(await outbox.retry([first.id])).toEqual([first.id]);
  expect(await outbox.discard([first.id])).toEqual([]);
  expect(await outbox.flush()).toMatchObject({ published: 1 });
  expect(bus.published).toEqual([second, first]);

  bad = true;
  const third = outbox.add(database, { type, data: { n: "bad" } });
  await outbox.flush();
  expect(await outbox.discard([third.id])).toEqual([third.id]);
  expect(await outbox.state()).toEqual({ waiting: 0, failed: 0 });
});

test("an entry that cannot be published now holds back its key and no other; in order, once it can", async () => {
  let down = true;
  const { bus, database, outbox } = await open(
    refuse(
      ({ data }) => down && JSON.stringify(data).includes("first"),
      () => new BusError("throttled", "later"),
    ),
  );
  const [first, second] = ["first of a", "second of a"].map((n) =>
    outbox.add(database, { type, data: { n } }, { key: "a" }),
  );
  const other = outbox.add(database, { type, data: { n: "of b" } }, { key: "b" });
  expect(await outbox.flush()).toEqual({ published: 1, failed: 0, postponed: 1 });
  expect(bus.published).toEqual([other]);
  const third = outbox.add(database, { type, data: { n: "third of a" } }, { key: "a" });
  expect(await outbox.flush()).toEqual({ published: 0, failed: 0, postponed: 0 });
  expect((await outbox.list()).entries).toMatchObject([
    { id: first?.id, state: "waiting", attempts: 1, dueAt: expect.any(String), error: { code: "throttled" } },
    { id: second?.id, attempts: 0 },
    { id: third.id, attempts: 0 },
  ]);
  down = false;
  expect(await outbox.retry()).toEqual([first?.id]);
  await outbox.flush();
  expect(bus.published).toEqual([other, first, second, third]);
});

test("a record that was published, but not noted as such, is published under the same id: the bus has it once", async () => {
  const { bus, database } = await open();
  const store = sqliteOutbox(database);
  const settle = vi.spyOn(store, "settle").mockRejectedValueOnce(new Error("disk I/O error"));
  const outbox = createOutbox({ store, bus });
  const event = outbox.add(database, { type, data: {} });
  await expect(outbox.flush()).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("disk I/O error"),
  });
  expect(await outbox.flush()).toMatchObject({ published: 1 });
  expect(settle).toHaveBeenCalledTimes(2);
  expect((await bus.history.query({ type })).events).toEqual([event]);
  expect((await bus.metrics()).duplicates).toBe(1);
});

test("a relay publishes what is there and what comes, until its signal fires; the one that follows takes over at once", async () => {
  const { bus, database, outbox } = await open();
  const before = outbox.add(database, { type, data: { n: 1 } });
  for (const round of [1, 2]) {
    const ending = new AbortController();
    const relay = outbox.relay({ signal: ending.signal, poll: "10ms" });
    const next = createOutbox({ store: sqliteOutbox(database), bus }).add(database, { type, data: { round } });
    await eventually(
      "it is published",
      () => bus.published.includes(next) || bus.published.some(({ id }) => id === next.id),
    );
    ending.abort();
    await relay;
  }
  expect(bus.published.map(({ id }) => id)).toContain(before.id);
  expect(bus.published).toHaveLength(3);
});

test("of two relays one does the work", async () => {
  const { bus, database, outbox } = await open();
  const ending = new AbortController();
  const { signal } = ending;
  const other = createOutbox({ store: sqliteOutbox(database), bus });
  const relays = [outbox.relay({ signal, poll: "10ms" }), other.relay({ signal, poll: "10ms" })];
  for (let n = 0; n < 50; n += 1) {
    outbox.add(database, { type, data: { n } });
    await new Promise(setImmediate);
  }
  await eventually("all are published", () => bus.published.length === 50);
  ending.abort();
  await Promise.all(relays);
  expect((await bus.metrics()).duplicates).toBe(0);
});

test("a relay whose bus is slow stays the relay", async () => {
  const slow = Promise.withResolvers<void>();
  const { bus, database } = await open(async (entry, next) => {
    await slow.promise;
    return next(entry);
  });
  const store = sqliteOutbox(database);
  const lease = vi.spyOn(store, "lease");
  const outbox = createOutbox({ store, bus });
  const event = outbox.add(database, { type, data: {} });
  const ending = new AbortController();
  const relay = outbox.relay({ signal: ending.signal });
  await eventually("the lease is renewed", () => lease.mock.calls.length === 2);
  expect(await sqliteOutbox(database).lease("another", 1)).toBe(false);
  slow.resolve();
  await eventually("it is published", async () => (await bus.history.get(event.id)) !== undefined);
  ending.abort();
  await relay;
  expect(await sqliteOutbox(database).lease("another", 1)).toBe(true);
});

test("a relay ends with its bus, and loses nothing", async () => {
  const { bus, database, outbox } = await open();
  outbox.add(database, { type, data: {} });
  await bus.close();
  const { signal } = new AbortController();
  await expect(outbox.relay({ signal, poll: "10ms" })).rejects.toMatchObject({ code: "closed" });
  expect(await outbox.state()).toMatchObject({ waiting: 1, failed: 0 });
});

test("a stored event that somebody has changed is set aside", async () => {
  const { database, outbox } = await open();
  database.prepare("INSERT INTO waggle_outbox (id, key, history, event, added) VALUES ('1', 'a', 1, '{}', 0)").run();
  expect(await outbox.flush()).toMatchObject({ failed: 1 });
  const { entries } = await outbox.list();
  expect(entries).toMatchObject([{ id: "1", state: "failed", error: { code: "invalid_event" } }]);
  expect(entries[0]).not.toHaveProperty("event");
});

test("entries are listed in pages", async () => {
  const { database, outbox } = await open();
  const ids = Array.from({ length: 5 }, (_, n) => outbox.add(database, { type, data: { n } }).id);
  const listed: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await outbox.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    listed.push(...page.entries.map(({ id }) => id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(listed).toEqual(ids);
  await expect(outbox.list({ limit: 0 })).rejects.toMatchObject({ code: "invalid_config" });
  await expect(outbox.list({ cursor: "x" })).rejects.toMatchObject({ code: "invalid_config" });
});

test("what was never made is named with what makes it; a wrong name of a table or a wrong bus is refused", async () => {
  const database = new DatabaseSync(":memory:");
  const bus = testBus();
  const outbox = createOutbox({ store: sqliteOutbox(database, { table: "other" }), bus });
  expect(() => outbox.add(database, { type, data: {} })).toThrow(
    /the outbox other: .*outbox.create\(\) makes the table/,
  );
  expect(() => sqliteOutbox(database, { table: 'x"; DROP TABLE y' })).toThrow(
    expect.objectContaining({ code: "invalid_config" }),
  );
  expect(() => createOutbox({ store: sqliteOutbox(database), bus: {} as never })).toThrow(
    expect.objectContaining({
      code: "invalid_config",
      message: expect.stringContaining("what connect() resolves with"),
    }),
  );
});

test("an event that history does not keep stays so, and the order of a key holds on an engine that keeps order", async () => {
  const { database } = await open();
  const bus = await connect({ engine: "memory", source: "shop" });
  onTestFinished(() => bus.close());
  const outbox = createOutbox({ store: sqliteOutbox(database), bus });
  const events = Array.from({ length: 300 }, (_, n) =>
    outbox.add(database, { type, data: { n } }, { key: `k${n % 7}` }),
  );
  await outbox.flush();
  const page = await bus.history.query({ type, order: "oldest", limit: 1_000 });
  for (let key = 0; key < 7; key += 1) {
    const ofKey = (list: readonly Event[]) =>
      list.map(({ data }) => Number(Reflect.get(Object(data), "n"))).filter((n) => n % 7 === key);
    expect(ofKey(page.events)).toEqual(ofKey(events));
  }
});
