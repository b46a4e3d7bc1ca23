import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import type { RecordedEvent } from "../../../../../lib/engine/event-log.ts";
import type { HistoryTable } from "../../../../../lib/engines/aws/dependencies.ts";
import { createHistoryTable } from "../../../../../lib/engines/aws/history/index.ts";
import { createIds } from "../../../../../lib/event/id.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { type Dynamo, describeDynamo, startDynamo } from "../../../../support/dynamo.ts";
import { historyDependencies, historyTableInput } from "../../../../support/history-table.ts";

const read = z.looseObject({ TableName: z.string(), ConsistentRead: z.boolean() });
const batchRead = z.looseObject({
  RequestItems: z.record(z.string(), z.looseObject({ Keys: z.array(z.unknown()), ConsistentRead: z.boolean() })),
});

/** What a read is sent on as where it does not insist: to a copy of the table that has nothing yet. */
function fromCopy(input: object, copy: string): object {
  const one = read.safeParse(input);
  if (one.success) return one.data.ConsistentRead ? input : { ...input, TableName: copy };
  const batch = batchRead.safeParse(input);
  const [asked] = batch.success ? Object.values(batch.data.RequestItems) : [];
  return asked === undefined || asked.ConsistentRead ? input : { ...input, RequestItems: { [copy]: asked } };
}

describeDynamo("where copies of the table lag behind", () => {
  let dynamo: Dynamo;
  let store: HistoryTable;
  const now = Date.now();
  const nextId = createIds({ now: () => now });
  const [first, effect, other] = [nextId(), nextId(), "an id of the caller's own"];
  beforeAll(async () => {
    dynamo = await startDynamo();
    await dynamo.createTable(historyTableInput("table"));
    await dynamo.createTable(historyTableInput("copy"));
    const client = dynamo.connect();
    client.middlewareStack.add((next) => (args) => next({ ...args, input: fromCopy(args.input, "copy") }), {
      step: "initialize",
    });
    store = createHistoryTable(historyDependencies(client, "table", { nextId }));
    const events = [first, effect, other].map((id) => anEvent({ id, metadata: { correlationId: first } }));
    expect(await store.record(events.map((event) => ({ event, acceptedAt: now })))).toEqual({ failed: [] });
  });
  afterAll(() => dynamo.close());

  const idsOf = (events: readonly RecordedEvent[]) => events.map(({ event }) => event.id).toSorted();

  test("what is recorded is found by its id", async () => {
    for (const id of [first, effect, other]) expect((await store.get(id))?.id).toBe(id);
  });

  test("what is recorded of a flow is found, narrowed down or not", async () => {
    const flow = [first, effect, other].toSorted();
    expect(idsOf(await store.flow(first))).toEqual(flow);
    const query = { correlationId: first, type: anEvent({}).type, until: new Date(now + 1_000) };
    expect(idsOf((await store.query(query, {})).events)).toEqual(flow);
  });

  test("what is recorded of a flow with so many events that none is named by itself is found", async () => {
    const correlationId = nextId();
    const ids = Array.from({ length: 60 }, () => nextId());
    for (const id of ids) {
      expect(await store.record([{ event: anEvent({ id, metadata: { correlationId } }), acceptedAt: now }])).toEqual({
        failed: [],
      });
    }
    expect(idsOf(await store.flow(correlationId))).toEqual(ids);
  });

  test("other queries take what a copy has", async () => {
    expect((await store.query({ type: anEvent({}).type }, {})).events).toEqual([]);
  });
});
