import { expect, test } from "vitest";
import { anEvent } from "../../../../support/an-event.ts";
import { describeDynamo } from "../../../../support/dynamo.ts";
import { Bench, dynamoForFile, failed, gone, later } from "./bench.ts";

const event = anEvent({ type: "custom.thing" });
const processEnded = (attempt: number) =>
  expect.objectContaining({ code: "process_ended", attempt, message: expect.stringContaining("subscription one") });

describeDynamo("a run whose process ended", () => {
  const dynamo = dynamoForFile();

  test("is run again once its lease is over, and counts", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    const crashed = await bench.claim(message, 10_000);
    await bench.clock.advance(9_999);
    expect(await bench.refused(message)).toEqual({ why: "retryLater", action: later(1) });
    await bench.clock.advance(1);
    const second = await bench.claim(message, 10_000);
    expect(second).toMatchObject({ attempt: 2, failures: [processEnded(1)] });
    expect(await bench.store.renew(crashed, 10_000)).toBe(false);
    expect(await bench.store.renew(second, 10_000)).toBe(true);
  });

  test("of many that meet it at once one takes it over", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    await bench.claim(message, 10_000);
    await bench.clock.advance(10_000);
    const claimed = await Promise.all(
      Array.from({ length: 20 }, () => bench.store.claim(message, bench.record, { leaseMs: 10_000 })),
    );
    expect(claimed.filter((one) => "delivery" in one)).toHaveLength(1);
  });

  test("is never beside another while its lease is renewed", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    const delivery = await bench.claim(message, 10_000);
    for (let third = 0; third < 9; third += 1) {
      await bench.clock.advance(9_000);
      expect(await bench.store.renew(delivery, 10_000)).toBe(true);
      expect(await bench.refused(message)).toMatchObject({ why: "retryLater" });
    }
    expect(await bench.settle(delivery)).toEqual(gone);
    expect(await bench.store.renew(delivery, 10_000)).toBe(false);
  });

  test("that was only paused goes on, unless its slot may be another's by then", async () => {
    const bench = await Bench.make(dynamo());
    const paused = await bench.claim(bench.message(event), 10_000);
    bench.record = { ...bench.record, name: "single", concurrency: 1 };
    const pausedInSlot = await bench.claim(bench.message(event), 10_000);
    await bench.clock.advance(10_000);
    expect(await bench.store.renew(paused, 10_000)).toBe(true);
    expect(await bench.store.renew(pausedInSlot, 10_000)).toBe(false);
    await bench.claim(bench.message({ ...event, id: "another" }));
  });

  test("has no say any more: how it ends changes nothing, and takes no message from the next", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    const paused = await bench.claim(message, 10_000);
    await bench.clock.advance(10_000);
    const next = await bench.claim(message, 10_000);
    for (const outcome of [
      { kind: "done" },
      { kind: "dropped" },
      { kind: "released" },
      { kind: "retry", afterMs: 0, failure: failed(1) },
      { kind: "dead", failure: failed(1) },
    ] as const) {
      expect(await bench.settle(paused, outcome)).toEqual(later(10_000));
    }
    expect(bench.deadLetters.size).toBe(0);
    expect(await bench.settle(next, { kind: "retry", afterMs: 4_000, failure: failed(2) })).toEqual(later(4_000));
    expect(await bench.settle(paused)).toEqual(later(4_000));
    await bench.clock.advance(4_000);
    expect(await bench.settle(await bench.claim(message))).toEqual(gone);
    expect(await bench.settle(paused, { kind: "retry", afterMs: 0, failure: failed(1) })).toEqual(gone);
  });

  test("at its last attempt becomes a dead letter when it is met", async () => {
    const bench = await Bench.make(dynamo(), { attempts: 2 });
    const message = bench.message(event);
    for (const _ of [1, 2]) {
      await bench.claim(message, 10_000);
      await bench.clock.advance(10_000);
    }
    expect(await bench.refused(message)).toEqual({ why: "dead", action: gone });
    expect(bench.deadLetter).toMatchObject({
      reason: processEnded(2),
      attempts: 2,
      failures: [processEnded(1), processEnded(2)],
    });
    expect(await bench.refused(message)).toEqual({ why: "dead", action: gone });
    expect(bench.puts).toBe(1);
  });

  test("whose subscription allows fewer attempts by now is dead with its last failure", async () => {
    const bench = await Bench.make(dynamo(), { attempts: 5 });
    const message = bench.message(event);
    await bench.settle(await bench.claim(message), { kind: "retry", afterMs: 0, failure: failed(1) });
    await bench.settle(await bench.claim(message), { kind: "retry", afterMs: 0, failure: failed(2) });
    bench.record = { ...bench.record, attempts: 2 };
    expect(await bench.refused(message)).toEqual({ why: "dead", action: gone });
    expect(bench.deadLetter).toMatchObject({ reason: failed(2), attempts: 2, failures: [failed(1), failed(2)] });
  });

  test("between its end and its dead letter is not run again, and is one dead letter", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    const delivery = await bench.claim(message);
    const failure = failed(1, { code: "non_retriable" });
    bench.deadLettersFail = true;
    await expect(bench.settle(delivery, { kind: "dead", failure })).rejects.toMatchObject({ code: "unavailable" });
    expect(await bench.refused(message)).toEqual({ why: "retryLater", action: later(30_000) });
    await bench.clock.advance(30_000);
    expect(await bench.refused(message)).toEqual({ why: "dead", action: gone });
    expect(bench.deadLetter).toMatchObject({ reason: failure, attempts: 1, failures: [failure] });
  });

  test("between its dead letter and its mark writes the same letter again", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    const delivery = await bench.claim(message);
    bench.afterPut = () => {
      throw new Error("the process ends here");
    };
    await expect(bench.settle(delivery, { kind: "dead", failure: failed(1) })).rejects.toThrow("ends here");
    bench.afterPut = undefined;
    const first = bench.deadLetter;
    await bench.clock.advance(30_000);
    expect(await bench.refused(message)).toEqual({ why: "dead", action: gone });
    expect(bench.puts).toBe(2);
    expect(bench.deadLetter).toBe(first);
  });
});
