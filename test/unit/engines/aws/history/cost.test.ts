import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { naivePriceOf, priceOf, type Recorded, record } from "../../../../../bench/cost/measure.ts";
import { type Dynamo, describeDynamo, startDynamo } from "../../../../support/dynamo.ts";

describeDynamo("units that DynamoDB bills for an event", () => {
  let dynamo: Dynamo;
  const clients: DynamoDBClient[] = [];
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await dynamo.close();
  });

  function recorded(bytes: number, batch: number, events: number): Promise<Recorded> {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const client = new DynamoDBClient({ endpoint: dynamo.endpoint, region: "us-east-1", credentials });
    clients.push(client);
    return record(dynamo, { bytes, batch, events, client });
  }

  // The first seconds of two functions, which write all that events are found by for the first time: the dear ones. `own` is
  // what the event's own row takes, `all` is what is written for it.
  test.each([
    { bytes: 300, batch: 10, own: 1, all: 3.4 },
    { bytes: 1_024, batch: 10, own: 1, all: 3.4 },
    { bytes: 4_096, batch: 10, own: 2, all: 4.4 },
    { bytes: 20_480, batch: 10, own: 6, all: 8.4 },
    { bytes: 300, batch: 1, own: 1, all: 5.2 },
    { bytes: 1_024, batch: 1, own: 1, all: 5.2 },
    { bytes: 4_096, batch: 1, own: 2, all: 6.2 },
    { bytes: 20_480, batch: 1, own: 6, all: 10.2 },
  ])("of $bytes bytes in batches of $batch: $own for its row, at most $all in all", async (expected) => {
    const { bytes, batch, own, all } = expected;
    const { by, units, written } = await recorded(bytes, batch, 800);
    expect(by.get("event")).toBeCloseTo(own, 1);
    expect(written).toBeLessThan(all);
    // The emulator bills as AWS says it does: each row by its started kilobytes.
    expect(units.written).toBe([...units.by.values()].reduce((sum, one) => sum + one, 0));
    expect(units.read).toBe(0);
  });

  test("a million of 1 KB at full batches costs $3.50 at most, and half of the naive design", async () => {
    const minute = await recorded(1_025, 10, 2_000);
    const price = priceOf({ batch: 10, ...minute });
    expect(price.total).toBeLessThan(3.5);
    expect(price.total).toBeLessThan(naivePriceOf(minute.bytes).total / 2);
  });
});
