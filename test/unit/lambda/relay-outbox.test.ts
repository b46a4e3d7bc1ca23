import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { functionVariables, metricNames } from "../../../lib/aws-shared/index.ts";
import { relayFunction } from "../../../lib/lambda/relay-outbox.ts";
import { dynamoOutbox } from "../../../lib/outbox-dynamodb-entry.ts";
import { createOutbox } from "../../../lib/outbox-entry.ts";
import { systemClock } from "../../../lib/runtime/clock.ts";
import { testBus } from "../../../lib/testing/index.ts";
import { type Dynamo, describeDynamo, startDynamo } from "../../support/dynamo.ts";
import { stubClients } from "../../support/stub-clients.ts";
import { aTableName, commit } from "../outbox/support/dynamo-table.ts";
import { config } from "./recorder-bench.ts";

const type = "custom.order.placed";
const putEvents = z.object({ Entries: z.array(z.looseObject({ Detail: z.string() })) });
const detail = z.object({ id: z.string() });
const context = { awsRequestId: "request-1", getRemainingTimeInMillis: () => 60_000 };
const schedule = { time: "2026-01-01T00:00:00Z" };

describeDynamo("the function relay-outbox", () => {
  let dynamo: Dynamo;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.close());

  /** A function on an outbox of its own; `later` moves its clock on. */
  async function start() {
    const published: string[] = [];
    const lines: string[] = [];
    const stub = await stubClients({
      PutEvents: (input) => {
        const { Entries } = putEvents.parse(input);
        published.push(...Entries.map(({ Detail }) => detail.parse(JSON.parse(Detail)).id));
        return { FailedEntryCount: 0, Entries: Entries.map((_, index) => ({ EventId: `event-${index}` })) };
      },
    });
    const table = aTableName();
    const outbox = createOutbox({ store: dynamoOutbox(dynamo.client, { table }), bus: testBus({ source: "shop" }) });
    await outbox.create();
    let later = 0;
    const run = relayFunction(
      { outbox: "outbox-orders" },
      {
        env: { [functionVariables.bus]: JSON.stringify(config), [functionVariables.outboxTable]: table },
        clock: { ...systemClock, now: () => Date.now() + later },
        random: Math.random,
        clients: () => ({
          events: stub.events,
          sqs: stub.sqs,
          dynamo: dynamo.client,
          ssm: () => expect.unreachable(),
          s3: () => expect.unreachable(),
          destroy: () => {},
        }),
        write: (line) => lines.push(line),
      },
    );
    const add = async (...keys: string[]) => {
      const items: TransactWriteItem[] = [];
      const events = keys.map((key) => outbox.add(items, { type, data: { key } }, { key }));
      await commit(dynamo.client, items);
      const Records = items.map(({ Put }) => ({
        eventName: "INSERT",
        dynamodb: { Keys: { pk: Put?.Item?.pk, sk: Put?.Item?.sk } },
      }));
      return { ids: events.map(({ id }) => id), stream: { Records } };
    };
    return { add, lines, outbox, published, run, moveOn: (ms: number) => (later += ms), table };
  }

  test("publishes what the stream tells of, in the partitions that it names and no others, and counts it", async () => {
    const { add, lines, outbox, published, run } = await start();
    const first = await add("a", "a");
    const other = await add("some other partition");
    await run(first.stream, context);
    expect(published.toSorted()).toEqual(first.ids.toSorted());
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { Bus: config.bus, Outbox: "outbox-orders", [metricNames.outboxPublished]: 2 },
    ]);
    expect(await outbox.state()).toMatchObject({ waiting: 1 });
    await run(other.stream, context);
    expect(published).toHaveLength(3);
    // A stream tells at least once.
    await run(other.stream, context);
    expect(published).toHaveLength(3);
  });

  test("by schedule it finds what the stream did not bring, and leaves alone what is only just there", async () => {
    const { add, lines, moveOn, published, run } = await start();
    const { ids } = await add("a", "b", "c");
    await run(schedule, context);
    expect(published).toEqual([]);
    moveOn(60_001);
    await run(schedule, context);
    expect(published.toSorted()).toEqual(ids.toSorted());
    expect(lines).toHaveLength(1);
  });

  test("what can never be published is set aside and counted; how long the oldest has waited is told", async () => {
    const { add, lines, moveOn, outbox, run, table } = await start();
    await add("a");
    const broken = dynamoOutbox(dynamo.client, { table });
    const items: TransactWriteItem[] = [];
    broken.add(items, { id: "broken", key: "b", history: true, event: "{" });
    await commit(dynamo.client, items);
    moveOn(120_000);
    // No time is left: everything waits on.
    await run(schedule, { ...context, getRemainingTimeInMillis: () => 0 });
    expect(lines.map((line) => JSON.parse(line)[metricNames.outboxAge] >= 120_000)).toContain(true);
    await run(schedule, context);
    expect((await outbox.list()).entries).toMatchObject([{ id: "broken", state: "failed" }]);
    expect(lines.some((line) => JSON.parse(line)[metricNames.outboxFailed] === 1)).toBe(true);
  });

  test("it says which variable is missing", async () => {
    const run = relayFunction(
      {},
      {
        env: { [functionVariables.bus]: JSON.stringify(config) },
        clock: systemClock,
        random: Math.random,
        clients: () => ({
          events: expect.anything(),
          sqs: expect.anything(),
          dynamo: dynamo.client,
          ssm: () => expect.unreachable(),
          s3: () => expect.unreachable(),
          destroy: () => {},
        }),
        write: () => {},
      },
    );
    await expect(run(schedule, context)).rejects.toThrow(functionVariables.outboxTable);
  });
});
