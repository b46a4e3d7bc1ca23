import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import type { AwsDependencies, HistoryTable } from "../../../../../lib/engines/aws/dependencies.ts";
import { createHistoryTable } from "../../../../../lib/engines/aws/history/index.ts";
import type { Event } from "../../../../../lib/event/event.ts";
import { createIds } from "../../../../../lib/event/id.ts";
import { ManualClock } from "../../../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { type Dynamo, describeDynamo, startDynamo } from "../../../../support/dynamo.ts";
import { historyDependencies, historyTableInput } from "../../../../support/history-table.ts";

const dayMs = 86_400_000;
const batchWrite = z.object({
  RequestItems: z.record(z.string(), z.array(z.object({ PutRequest: z.unknown() }))),
});

describeDynamo("recording", () => {
  let dynamo: Dynamo;
  let clock: ManualClock;
  let nextId: () => string;
  let dependencies: AwsDependencies;
  let store: HistoryTable;
  let tables = 0;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.close());
  beforeEach(async () => {
    tables += 1;
    await dynamo.createTable(historyTableInput(`record-${tables}`));
    clock = new ManualClock();
    nextId = createIds({ now: clock.now });
    dependencies = historyDependencies(dynamo.client, `record-${tables}`, { clock, nextId });
    store = createHistoryTable(dependencies);
  });

  const accepted = (event: Event, at = clock.now()) => ({ event, acceptedAt: at });
  const all = async () => (await store.query({}, {})).events.map(({ event }) => event);
  async function logged(): Promise<string[]> {
    const from = await store.position({ time: 0 });
    return (await store.readAfter(from, 256)).events.map(({ event }) => event.id);
  }

  test("the same events again, by another recorder and in another batch, change nothing", async () => {
    const events = [anEvent({ id: nextId() }), anEvent({ id: "own id" }), anEvent({ id: nextId() })];
    expect(await store.record(events.map((event) => accepted(event)))).toEqual({ failed: [] });
    await clock.advance("1h");
    const other = createHistoryTable(dependencies);
    for (const event of events) expect(await other.record([accepted(event), accepted(event)])).toEqual({ failed: [] });
    expect(await all()).toHaveLength(3);
    expect(await logged()).toHaveLength(3);
    expect(await store.stats({})).toEqual([{ type: "task.created", count: 3 }]);
  });

  test("other content under a recorded id is a conflict; the rest of the batch is recorded, the first stays", async () => {
    for (const id of [nextId(), "own id"]) {
      const first = anEvent({ id, data: { n: 1 } });
      await store.record([accepted(first)]);
      const good = anEvent({ id: nextId() });
      const { failed } = await store.record([accepted(anEvent({ id, data: { n: 2 } })), accepted(good)]);
      expect(failed).toEqual([{ index: 0, error: expect.objectContaining({ code: "conflict" }) }]);
      expect(await store.get(id)).toEqual(first);
      expect(await store.get(good.id)).toEqual(good);
    }
  });

  test("a query up to now leaves out what is accepted later, in both orders, on later pages too", async () => {
    const [first, second, later] = ["a", "b", "c"].map((id) => anEvent({ id }));
    if (first === undefined || second === undefined || later === undefined) throw new Error("three were made");
    await store.record([accepted(first), accepted(second)]);
    const upTo = await store.position("end");
    await store.record([accepted(later, clock.now() + 5_000)]);
    for (const [order, expected] of [
      ["newest", [second, first]],
      ["oldest", [first, second]],
    ] as const) {
      const page = await store.query({}, { order, upTo, limit: 1 });
      await clock.advance("10s");
      const cursor = page.cursor ?? "";
      const next = await store.query({}, { order, upTo, limit: 100, cursor });
      expect([...page.events, ...next.events].map(({ event }) => event)).toEqual(expected);
      expect(next.cursor).toBeUndefined();
      clock.set(clock.now() - 10_000);
    }
    expect(await all()).toEqual([later, second, first]);
  });

  test("in one batch, too", async () => {
    const [one, other] = [anEvent({ id: "a", data: 1 }), anEvent({ id: "a", data: 2 })];
    const { failed } = await store.record([accepted(one), accepted(one), accepted(other)]);
    expect(failed).toEqual([{ index: 2, error: expect.objectContaining({ code: "conflict" }) }]);
    expect(await all()).toEqual([one]);
  });

  test("one of our own ids that comes late is found, and known when it comes later still", async () => {
    const event = anEvent({ id: nextId() });
    await clock.advance("1h");
    await store.record([accepted(event)]);
    await clock.advance("1h");
    expect(await store.record([accepted(event)])).toEqual({ failed: [] });
    expect(await store.get(event.id)).toEqual(event);
    expect(await all()).toEqual([event]);
    const since = new Date(clock.now() - 3_700_000);
    expect((await store.query({ since }, {})).events).toMatchObject([{ event }]);
  });

  /** A store whose first write of a row of one kind goes wrong, before it is made or, its answer lost, after. */
  function failingStore(kind: "count#" | "log#", when: "before" | "after"): HistoryTable {
    const client = dynamo.connect();
    let failed = false;
    client.middlewareStack.add(
      (next) => async (args) => {
        const put = z.object({ Item: z.object({ pk: z.object({ S: z.string() }) }) }).safeParse(args.input);
        if (failed || !put.success || !put.data.Item.pk.S.startsWith(kind)) return next(args);
        failed = true;
        if (when === "after") await next(args);
        throw new Error("broken off");
      },
      { step: "initialize" },
    );
    return createHistoryTable(historyDependencies(client, dependencies.config.historyTable, { clock, nextId }));
  }

  test.each(["count#", "log#"] as const)(
    "a batch that broke off before its row %s is counted once, and has one position in the log, after it comes again",
    async (kind) => {
      const event = anEvent({ id: nextId() });
      const failing = failingStore(kind, "before");
      expect((await failing.record([accepted(event)])).failed).toHaveLength(1);
      expect(await logged()).toEqual([]);
      expect(await store.stats({})).toEqual([]);
      expect(await createHistoryTable(dependencies).record([accepted(event)])).toEqual({ failed: [] });
      expect(await logged()).toEqual([event.id]);
      expect(await store.stats({})).toEqual([{ type: "task.created", count: 1 }]);
      // What the first one has counted since is not short of what it took back.
      expect(await failing.record([accepted(anEvent({ id: nextId() }))])).toEqual({ failed: [] });
      expect(await store.stats({})).toEqual([{ type: "task.created", count: 2 }]);
    },
  );

  test("a batch whose position in the log was taken without an answer is whole", async () => {
    const event = anEvent({ id: nextId() });
    expect(await failingStore("log#", "after").record([accepted(event)])).toEqual({ failed: [] });
    expect(await createHistoryTable(dependencies).record([accepted(event)])).toEqual({ failed: [] });
    expect(await logged()).toEqual([event.id]);
    expect(await store.stats({})).toEqual([{ type: "task.created", count: 1 }]);
  });

  test("rows that a batch of DynamoDB leaves over are sent again", async () => {
    const client = dynamo.connect();
    let requests = 0;
    client.middlewareStack.add(
      (next) => async (args) => {
        const batch = batchWrite.safeParse(args.input);
        if (!batch.success) return next(args);
        requests += 1;
        const [table = "", [first, ...others] = []] = Object.entries(batch.data.RequestItems)[0] ?? [];
        const result = await next({ ...args, input: { ...args.input, RequestItems: { [table]: [first] } } });
        return {
          ...result,
          output: { ...result.output, UnprocessedItems: others.length === 0 ? {} : { [table]: others } },
        };
      },
      { step: "initialize" },
    );
    const busy = createHistoryTable(historyDependencies(client, dependencies.config.historyTable));
    const event = anEvent({ id: createIds({ now: Date.now })(), metadata: { tags: ["red"] } });
    expect(await busy.record([accepted(event, Date.now())])).toEqual({ failed: [] });
    expect(requests).toBeGreaterThan(3);
    const reader = createHistoryTable(historyDependencies(dynamo.client, dependencies.config.historyTable));
    for (const query of [{ source: "test" }, { tag: "red" }, { type: "task.*" }]) {
      expect((await reader.query(query, {})).events).toMatchObject([{ event }]);
    }
  });

  test("what is past its retention is gone for readers, and its id may be used anew", async () => {
    await store.record([accepted(anEvent({ id: "own id", data: 1 }))]);
    await clock.advance(30 * dayMs);
    await clock.advance("1m");
    expect(await store.get("own id")).toBeUndefined();
    expect(await all()).toEqual([]);
    expect(await store.stats({})).toEqual([]);
    const again = anEvent({ id: "own id", data: 2 });
    expect(await store.record([accepted(again)])).toEqual({ failed: [] });
    expect(await all()).toEqual([again]);
  });

  test("counts by window: whole minutes and the parts at the ends, of two recorders", async () => {
    const other = createHistoryTable(dependencies);
    const start = clock.now();
    for (let second = 0; second < 180; second += 10) {
      const type = second % 20 === 0 ? "task.created" : "task.failed";
      await (second < 90 ? store : other).record([accepted(anEvent({ id: nextId(), type }))]);
      await clock.advance("10s");
    }
    const at = (second: number) => new Date(start + second * 1_000);
    expect(await store.stats({ type: "task.created", window: "1m" })).toEqual(
      [0, 60, 120].map((second) => ({ from: at(second).toISOString(), type: "task.created", count: 3 })),
    );
    expect(await store.stats({ since: at(30), until: at(150) })).toEqual([
      { type: "task.created", count: 6 },
      { type: "task.failed", count: 6 },
    ]);
    expect(await store.stats({ since: at(5), until: at(25) })).toEqual([
      { type: "task.created", count: 1 },
      { type: "task.failed", count: 1 },
    ]);
  });

  test("what was recorded between two times is told from the log alone: id, type, source, flow, times", async () => {
    await store.record([accepted(anEvent({ id: nextId() }))]);
    await clock.advance("10s");
    const since = clock.now();
    const acceptedAt = since - 5_000;
    const events = Array.from({ length: 25 }, (_, n) =>
      anEvent({ id: nextId(), metadata: { correlationId: `f-${n}` } }),
    );
    expect(await store.record(events.map((event) => accepted(event, acceptedAt)))).toEqual({ failed: [] });
    await clock.advance("10s");
    await store.record([accepted(anEvent({ id: nextId() }))]);
    const heads = [];
    for await (const part of store.recorded({ since, until: since + 1 })) heads.push(...part);
    expect(heads.toSorted((one, other) => (one.flow < other.flow ? -1 : 1))).toEqual(
      events
        .map(({ id, type, source, metadata: { correlationId: flow } }) => {
          return { id, type, source, flow, key: `${acceptedAt}.${id}`, acceptedAt, recordedAt: since };
        })
        .toSorted((one, other) => (one.flow < other.flow ? -1 : 1)),
    );
  });

  test("a table that is not there fails each event, by name", async () => {
    const lost = createHistoryTable({ ...dependencies, config: { ...dependencies.config, historyTable: "not-there" } });
    const { failed } = await lost.record([accepted(anEvent({ id: nextId() })), accepted(anEvent({ id: "own" }))]);
    expect(failed.map(({ error }) => error.code)).toEqual(["not_found", "not_found"]);
    expect(failed[0]?.error.message).toContain("table not-there");
  });

  test("a cursor that is none of this bus is refused", async () => {
    for (const cursor of ["e12", "a", "aMTIz", "a!!!!"]) {
      await expect(store.query({}, { cursor })).rejects.toMatchObject({ code: "invalid_config" });
    }
  });

  test("a large event lies in the bucket, compressed, and comes back", async () => {
    const bucket = await startBucket();
    const s3 = new S3Client({
      endpoint: bucket.endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    try {
      const withBucket = createHistoryTable(
        historyDependencies(dynamo.client, dependencies.config.historyTable, { clock, nextId, s3 }),
      );
      const noise = randomBytes(400_000).toString("base64");
      const event = anEvent({ id: nextId(), data: { noise } });
      expect(await withBucket.record([accepted(event)])).toEqual({ failed: [] });
      expect([...bucket.objects.keys()]).toEqual([expect.stringContaining("/agents-bodies/events/")]);
      expect(await withBucket.get(event.id)).toEqual(event);
      expect((await withBucket.query({ type: "task.created" }, {})).events).toMatchObject([{ event }]);
    } finally {
      s3.destroy();
      await bucket.close();
    }
  });
});

/** Keeps what is put, by its path; enough of S3 for one object. */
async function startBucket(): Promise<{ endpoint: string; objects: Map<string, Buffer>; close(): Promise<void> }> {
  const objects = new Map<string, Buffer>();
  const server: Server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://bucket").pathname;
    if (request.method === "PUT") {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      objects.set(path, Buffer.concat(chunks));
      response.end();
    } else response.end(objects.get(path));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    objects,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
