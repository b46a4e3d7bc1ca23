import { afterAll, beforeAll, expect, test } from "vitest";
import { naivePriceOf, priceOf, type Recorded, record } from "../../../../../bench/cost/measure.ts";
import { type Dynamo, describeDynamo, startDynamo } from "../../../../support/dynamo.ts";

describeDynamo("units that DynamoDB bills for an event", () => {
  let dynamo: Dynamo;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.close());

  function recorded(bytes: number, batch: number, events: number): Promise<Recorded> {
    return record(dynamo, { bytes, batch, events, client: dynamo.connect() });
  }

  // The first second of two functions, which write almost all that events are found by for the first time: the dear one.
  // `own` is what the event's own row takes, `all` is what is written for it.
  test.each([
    { bytes: 300, batch: 10, own: 1, all: 5.7 },
    { bytes: 1_024, batch: 10, own: 1, all: 6.2 },
    { bytes: 4_096, batch: 10, own: 2, all: 7.1 },
    { bytes: 20_480, batch: 10, own: 6, all: 11.2 },
    { bytes: 300, batch: 1, own: 1, all: 7.6 },
    { bytes: 1_024, batch: 1, own: 1, all: 8 },
    { bytes: 4_096, batch: 1, own: 2, all: 9 },
    { bytes: 20_480, batch: 1, own: 6, all: 13.1 },
  ])("of $bytes bytes in batches of $batch: $own for its row, at most $all in all", async (expected) => {
    const { bytes, batch, own, all } = expected;
    const { by, units, written } = await recorded(bytes, batch, 100);
    expect(by.get("event")).toBeCloseTo(own, 1);
    expect(written).toBeLessThan(all);
    // The emulator bills as AWS says it does: each row by its started kilobytes.
    expect(units.written).toBe([...units.by.values()].reduce((sum, one) => sum + one, 0));
    expect(units.read).toBe(0);
  });

  test("in the seconds after it, what is there already is not written again", async () => {
    const { written } = await recorded(1_025, 1, 400);
    expect(written).toBeLessThan(5.8);
  });

  test("a million of 1 KB at full batches costs $3.50 at most, and half of the naive design", async () => {
    const seconds = await recorded(1_025, 10, 1_200);
    const price = priceOf({ batch: 10, ...seconds });
    expect(seconds.written).toBeLessThan(3.1);
    expect(price.total).toBeLessThan(3.5);
    expect(price.total).toBeLessThan(naivePriceOf(seconds.bytes).total / 2);
  });
});
