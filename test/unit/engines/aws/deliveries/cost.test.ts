import { expect, test } from "vitest";
import { anEvent } from "../../../../support/an-event.ts";
import { describeDynamo } from "../../../../support/dynamo.ts";
import { Bench, dynamoForFile, failed } from "./bench.ts";

const event = anEvent({
  id: "0197f9a0-7c00-7000-8000-000000000001",
  type: "custom.thing",
  data: { key: "a" },
});
const longName = "a-subscription-with-the-longest-name-that-it-may";
const error = failed(1, { message: "it failed ".repeat(100), stack: "Error: it failed at a place\n".repeat(100) });

describeDynamo("units that DynamoDB bills", () => {
  const dynamo = dynamoForFile();

  test("a delivery that succeeds: one write to claim, one to settle, nothing read", async () => {
    const bench = await Bench.make(dynamo(), { name: longName });
    const units = bench.countUnits();
    const delivery = await bench.claim(bench.message(event));
    expect(units).toEqual({ read: 0, written: 1 });
    await bench.settle(delivery);
    expect(units).toEqual({ read: 0, written: 2 });
  });

  test("a retry: two more, with long errors too", async () => {
    const bench = await Bench.make(dynamo(), { name: longName });
    const units = bench.countUnits();
    const message = bench.message(event, { replayId: "0197f9a0-7c00-7000-8000-000000000002" });
    for (const attempt of [1, 2, 3, 4]) {
      const failure = { ...error, attempt };
      await bench.settle(await bench.claim(message), { kind: "retry", afterMs: 0, failure });
    }
    await bench.settle(await bench.claim(message));
    expect(units).toEqual({ read: 0, written: 10 });
  });

  test("ordered: the lock is written besides, and it and its holder are read; behind another its own row, too, and nothing is written", async () => {
    const bench = await Bench.make(dynamo(), { ordered: "data.key" });
    const units = bench.countUnits();
    const delivery = await bench.claim(bench.message(event));
    expect(units).toEqual({ read: 1, written: 2 });
    await bench.refused(bench.message({ ...event, id: "2" }));
    expect(units).toEqual({ read: 4, written: 2 });
    await bench.settle(delivery);
    expect(units).toEqual({ read: 4, written: 3 });
    await bench.settle(await bench.claim(bench.message({ ...event, id: "2" })));
    expect(units).toEqual({ read: 6, written: 6 });
  });
});
