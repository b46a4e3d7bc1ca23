import { expect, test } from "vitest";
import { anEvent } from "../../../../support/an-event.ts";
import { describeDynamo } from "../../../../support/dynamo.ts";
import { Bench, dynamoForFile, failed, gone, later } from "./bench.ts";

const event = anEvent({ type: "custom.thing", data: { key: "a" } });

describeDynamo("a write whose answer is lost, so that the client sends it again,", () => {
  const dynamo = dynamoForFile();

  test("counts once", async () => {
    const bench = await Bench.make(dynamo(), { ordered: "data.key", concurrency: 1 });
    bench.loseEachFirstAnswer();
    const message = bench.message(event);
    const first = await bench.claim(message, 10_000);
    expect(first.attempt).toBe(1);
    expect(await bench.settle(first, { kind: "retry", afterMs: 1_000, failure: failed(1) })).toEqual(later(1_000));
    await bench.clock.advance(1_000);
    const second = await bench.claim(message, 10_000);
    expect(second.attempt).toBe(2);
    expect(await bench.store.renew(second, 10_000)).toBe(true);
    await bench.clock.advance(10_000);
    const third = await bench.claim(message, 10_000);
    expect(third.attempt).toBe(3);
    expect(await bench.settle(third, { kind: "dead", failure: failed(3) })).toEqual(gone);
    expect(bench.deadLetter.attempts).toBe(3);
    expect(await bench.store.revive("one", event)).toBe("revived");
    expect(await bench.settle(await bench.claim(message))).toEqual(gone);
    await bench.claim(bench.message({ ...event, id: "another" }));
  });
});
