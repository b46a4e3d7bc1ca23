import { GetItemCommand, PutItemCommand, type TransactWriteItem } from "@aws-sdk/client-dynamodb";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { BusError, connect, type Event } from "../../../lib/index.ts";
import { keptMessage, Sequence } from "../../../lib/outbox/dynamo/item.ts";
import { dynamoOutbox } from "../../../lib/outbox-dynamodb-entry.ts";
import { createOutbox } from "../../../lib/outbox-entry.ts";
import { testBus } from "../../../lib/testing/index.ts";
import { type Dynamo, describeDynamo, startDynamo } from "../../support/dynamo.ts";
import { eventually } from "../../support/eventually.ts";
import { seeded } from "../../support/seeded.ts";
import { aTableName, commit, openTable } from "./support/dynamo-table.ts";

const type = "custom.order.placed";

describeDynamo("an outbox in DynamoDB", () => {
  let dynamo: Dynamo;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.close());

  /** An own write of the caller; it is refused where the order is there. */
  const order = (table: string, id: string): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: { pk: { S: "orders" }, sk: { S: id } },
      ConditionExpression: "attribute_not_exists(pk)",
    },
  });

  test("an event is published when its transaction has committed, whatever text is in it, and then is no longer in the outbox", async () => {
    const { bus, outbox, table } = await openTable(dynamo);
    const items = [order(table, "12")];
    const data = { text: "Grüße $1 ' \\ \u0000 \" :pk #pk" };
    const event = outbox.add(items, { type, data, metadata: { tags: ["gift"] } }, { key: data.text, delay: "1h" });
    expect(event).toMatchObject({ type, source: "shop", data, metadata: { deliverAt: expect.any(String) } });
    expect(await outbox.state()).toEqual({ waiting: 0, failed: 0 });
    await commit(dynamo.client, items);
    expect(await outbox.state()).toEqual({ waiting: 1, failed: 0, oldestAt: expect.any(String) });
    expect(await outbox.flush()).toEqual({ published: 1, failed: 0, postponed: 0 });
    expect(bus.published).toEqual([event]);
    expect(await outbox.state()).toEqual({ waiting: 0, failed: 0 });
  });

  test("what a transaction that is refused would have added is never published", async () => {
    const { bus, outbox, table } = await openTable(dynamo);
    await commit(dynamo.client, [order(table, "12")]);
    const items = [order(table, "12")];
    outbox.add(items, { type, data: {} });
    await expect(commit(dynamo.client, items)).rejects.toMatchObject({ name: "TransactionCanceledException" });
    expect(await outbox.flush()).toEqual({ published: 0, failed: 0, postponed: 0 });
    expect(bus.published).toEqual([]);
  });

  test("for the document client the items have plain values", async () => {
    const { bus, outbox, table } = await openTable(dynamo);
    const plain = createOutbox({ store: dynamoOutbox(dynamo.client, { table, document: true }), bus });
    const items: Parameters<typeof plain.add>[0] & object[] = [];
    const event = plain.add(items, { type, data: { id: 12 } });
    expect(items).toEqual([
      {
        Put: {
          TableName: table,
          Item: {
            pk: expect.stringMatching(/^waiting#\d$/),
            sk: expect.any(String),
            id: event.id,
            key: event.metadata.correlationId,
            history: true,
            event: JSON.stringify(event),
            added: expect.any(Number),
            attempts: 0,
          },
        },
      },
    ]);
    const typed: TransactWriteItem[] = [];
    expect(outbox.add(typed, { type, data: {} })).toBeDefined();
    expect(typed[0]?.Put?.Item).toMatchObject({ history: { BOOL: true }, attempts: { N: "0" } });
  });

  test("events of a key are published in the order in which they were added, on a bus that keeps it", async () => {
    const { outbox, table } = await openTable(dynamo);
    const bus = await connect({ engine: "memory", source: "shop" });
    const relaying = createOutbox({ store: dynamoOutbox(dynamo.client, { table }), bus });
    const events: Event[] = [];
    for (let round = 0; round < 6; round += 1) {
      const items: TransactWriteItem[] = [];
      for (let n = 0; n < 100; n += 1) {
        events.push(outbox.add(items, { type, data: { n: events.length } }, { key: `k${events.length % 3}` }));
      }
      await commit(dynamo.client, items);
    }
    expect(await relaying.flush()).toEqual({ published: 600, failed: 0, postponed: 0 });
    const page = await bus.history.query({ type, order: "oldest", limit: 1_000 });
    await bus.close();
    for (let key = 0; key < 3; key += 1) {
      const ofKey = (list: readonly Event[]) =>
        list.map(({ data }) => Number(Reflect.get(Object(data), "n"))).filter((n) => n % 3 === key);
      expect(ofKey(page.events)).toEqual(ofKey(events));
    }
  });

  test("an entry that cannot be published now holds back its key and no other; in order, once it can", async () => {
    let down = true;
    const { bus, outbox } = await openTable(dynamo, (entry, next) => {
      if (down && JSON.stringify(entry.event.data).includes("first")) throw new BusError("throttled", "later");
      return next(entry);
    });
    const items: TransactWriteItem[] = [];
    const [first, second] = ["first of a", "second of a"].map((n) =>
      outbox.add(items, { type, data: { n } }, { key: "a" }),
    );
    const other = outbox.add(items, { type, data: { n: "of b" } }, { key: "b" });
    await commit(dynamo.client, items);
    expect(await outbox.flush()).toEqual({ published: 1, failed: 0, postponed: 1 });
    expect(bus.published).toEqual([other]);
    const more: TransactWriteItem[] = [];
    const third = outbox.add(more, { type, data: { n: "third of a" } }, { key: "a" });
    await commit(dynamo.client, more);
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

  test("an entry that can never be published is set aside with its reason, and its key goes on; it can be retried and discarded", async () => {
    let bad = true;
    const { bus, outbox } = await openTable(dynamo, (entry, next) => {
      if (bad && JSON.stringify(entry.event.data).includes("bad")) throw new BusError("event_too_large", "too much");
      return next(entry);
    });
    const items: TransactWriteItem[] = [];
    const first = outbox.add(items, { type, data: { n: "bad" } }, { key: "a" });
    const second = outbox.add(items, { type, data: { n: 2 } }, { key: "a" });
    await commit(dynamo.client, items);
    expect(await outbox.flush()).toEqual({ published: 1, failed: 1, postponed: 0 });
    expect(bus.published).toEqual([second]);
    expect(await outbox.state()).toEqual({ waiting: 0, failed: 1 });
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
    expect(await outbox.retry(["no such id"])).toEqual([]);
    expect(await outbox.retry([first.id])).toEqual([first.id]);
    expect(await outbox.discard([first.id])).toEqual([]);
    await outbox.flush();
    expect(await outbox.discard([first.id])).toEqual([first.id]);
    expect(await outbox.state()).toEqual({ waiting: 0, failed: 0 });
    bad = false;
  });

  test("a record that was published, but not noted as such, is published under the same id: the bus has it once", async () => {
    const { bus, outbox, store } = await openTable(dynamo);
    vi.spyOn(store, "settle").mockRejectedValueOnce(new Error("socket hang up"));
    const items: TransactWriteItem[] = [];
    const event = outbox.add(items, { type, data: {} });
    await commit(dynamo.client, items);
    await expect(outbox.flush()).rejects.toMatchObject({ code: "unavailable" });
    expect(await outbox.flush()).toMatchObject({ published: 1 });
    expect((await bus.history.query({ type })).events).toEqual([event]);
    expect((await bus.metrics()).duplicates).toBe(1);
  });

  test("of two relays one does the work; the next takes over at once when it has ended", async () => {
    const { bus, outbox, store, table } = await openTable(dynamo);
    expect(await store.lease("one", 60_000)).toBe(true);
    expect(await store.lease("one", 60_000)).toBe(true);
    expect(await store.lease("other", 60_000)).toBe(false);
    await store.release("other");
    expect(await store.lease("other", 60_000)).toBe(false);
    await store.release("one");
    const ending = new AbortController();
    const relay = createOutbox({ store: dynamoOutbox(dynamo.client, { table }), bus }).relay({
      signal: ending.signal,
      poll: "10ms",
    });
    const items: TransactWriteItem[] = [];
    const event = outbox.add(items, { type, data: {} });
    await commit(dynamo.client, items);
    await eventually("it is published", () => bus.published.some(({ id }) => id === event.id));
    ending.abort();
    await relay;
    expect(await store.lease("other", 60_000)).toBe(true);
  });

  test("entries are listed in pages; a cursor that no page gave is refused", async () => {
    const { outbox } = await openTable(dynamo);
    const items: TransactWriteItem[] = [];
    const ids = Array.from({ length: 7 }, (_, n) => outbox.add(items, { type, data: { n } }, { key: `k${n}` }).id);
    await commit(dynamo.client, items);
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await outbox.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      listed.push(...page.entries.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(listed).toEqual(ids);
    await expect(outbox.list({ cursor: "12" })).rejects.toMatchObject({ code: "invalid_config" });
  });

  test("more is added, deleted and set aside than DynamoDB takes in one request", async () => {
    const { outbox, store } = await openTable(dynamo, (entry, next) => {
      if (Number(Reflect.get(Object(entry.event.data), "n")) % 2 === 1) throw new BusError("invalid_event", "odd");
      return next(entry);
    });
    const items: TransactWriteItem[] = [];
    for (let n = 0; n < 100; n += 1) outbox.add(items, { type, data: { n } });
    await commit(dynamo.client, items);
    expect(await outbox.flush()).toEqual({ published: 50, failed: 50, postponed: 0 });
    const { entries } = await outbox.list({ state: "failed", limit: 1_000 });
    expect(entries).toHaveLength(50);
    expect(await outbox.retry()).toHaveLength(50);
    expect(await store.counts()).toMatchObject({ waiting: 50, failed: 0 });
  });

  test("a stored event that somebody has changed is set aside", async () => {
    const { outbox, table } = await openTable(dynamo);
    const items: TransactWriteItem[] = [];
    const event = outbox.add(items, { type, data: {} });
    const item = items[0]?.Put?.Item ?? {};
    await dynamo.client.send(new PutItemCommand({ TableName: table, Item: { ...item, event: { S: "{}" } } }));
    expect(await outbox.flush()).toMatchObject({ failed: 1 });
    expect((await outbox.list()).entries).toMatchObject([
      { id: event.id, state: "failed", error: { code: "invalid_event" } },
    ]);
    const Key = { pk: item.pk ?? { S: "" }, sk: item.sk ?? { S: "" } };
    expect((await dynamo.client.send(new GetItemCommand({ TableName: table, Key }))).Item).toBeUndefined();
  });

  test("what was never made is named with what makes it", async () => {
    const bus = testBus({ source: "shop" });
    const outbox = createOutbox({ store: dynamoOutbox(dynamo.client, { table: aTableName() }), bus });
    await expect(outbox.flush()).rejects.toThrow(/outbox.create\(\) makes the table/);
  });

  test("a flush whose signal has fired begins nothing", async () => {
    const { outbox } = await openTable(dynamo);
    const items: TransactWriteItem[] = [];
    outbox.add(items, { type, data: {} });
    await commit(dynamo.client, items);
    expect(await outbox.flush({ signal: AbortSignal.abort() })).toEqual({ published: 0, failed: 0, postponed: 0 });
    expect(await outbox.state()).toMatchObject({ waiting: 1 });
  });

  test("a wrong table, a list that is none, and an event that no item takes are refused", async () => {
    const store = dynamoOutbox(dynamo.client, { table: "outbox" });
    const outbox = createOutbox({ store, bus: testBus({ source: "shop" }) });
    expect(() => dynamoOutbox(dynamo.client, { table: "a b" })).toThrow(
      expect.objectContaining({ code: "invalid_config" }),
    );
    expect(() => dynamoOutbox(dynamo.client)).toThrow(/grantAdd of the construct Outbox/);
    expect(() => outbox.add({} as never, { type, data: {} })).toThrow(/the list of TransactItems/);
    const items: TransactWriteItem[] = [];
    expect(() => outbox.add(items, { type, data: { text: "x".repeat(400_000) } })).toThrow(
      expect.objectContaining({ code: "event_too_large" }),
    );
    expect(items).toEqual([]);
  });
});

test("the places of a process rise, whatever its clock does", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 200 }), (times) => {
      let reading = 0;
      const sequence = new Sequence(() => 1_700_000_000_000 + (times[reading++ % times.length] ?? 0), seeded(1));
      const places = Array.from({ length: times.length }, (_, n) => sequence.next(`k${n}`));
      expect(places).toEqual(places.toSorted());
      expect(new Set(places).size).toBe(places.length);
    }),
  );
});

test("a long message is cut, and never in the middle of a character", () => {
  expect(keptMessage("the bus is away")).toBe("the bus is away");
  const kept = keptMessage(`${"x".repeat(999)}😀 and more`);
  expect(kept).toHaveLength(1_000);
  expect(kept.isWellFormed()).toBe(true);
});
