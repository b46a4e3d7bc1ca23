import { expect, test } from "vitest";
import { anEvent } from "../../../../support/an-event.ts";
import { describeDynamo } from "../../../../support/dynamo.ts";
import { Bench, dynamoForFile, failed, gone, later } from "./bench.ts";

const event = anEvent({ type: "custom.thing" });

describeDynamo("a delivery in the table", () => {
  const dynamo = dynamoForFile();

  test("is claimed once, run, and known to have succeeded", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    const delivery = await bench.claim(message);
    expect(delivery).toMatchObject({
      subscription: "one",
      event,
      attempt: 1,
      acceptedAt: bench.clock.now(),
      failures: [],
      redriven: false,
    });
    expect(await bench.refused(message)).toEqual({ why: "retryLater", action: later(30_000) });
    expect(await bench.settle(delivery)).toEqual(gone);
    expect(await bench.refused(message)).toEqual({ why: "duplicate", action: gone });
    expect(bench.deadLetters.size).toBe(0);
  });

  test("of many that open it at once one may run it", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    const claimed = await Promise.all(
      Array.from({ length: 20 }, () => bench.store.claim(message, bench.record, { leaseMs: 30_000 })),
    );
    expect(claimed.filter((one) => "delivery" in one)).toHaveLength(1);
  });

  test("waits between attempts, and carries what failed", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    const failure = failed(1, { stack: "Error: it failed\n    at handler.ts:1:1" });
    expect(await bench.settle(await bench.claim(message), { kind: "retry", afterMs: 5_000, failure })).toEqual(
      later(5_000),
    );
    await bench.clock.advance(2_000);
    expect(await bench.refused(message)).toEqual({ why: "retryLater", action: later(3_000) });
    await bench.clock.advance(3_000);
    expect(await bench.claim(message)).toMatchObject({ attempt: 2, failures: [failure] });
  });

  test("released, it has not been tried", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    expect(await bench.settle(await bench.claim(message), { kind: "released" })).toEqual(later(0));
    expect(await bench.claim(message)).toMatchObject({ attempt: 1, failures: [] });
  });

  test("released for a time, it comes again after that and not before, its earlier attempts kept", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    const released = { kind: "released", afterMs: 5_000 } as const;
    expect(await bench.settle(await bench.claim(message), released)).toEqual(later(5_000));
    await bench.clock.advance(2_000);
    expect(await bench.refused(message)).toEqual({ why: "retryLater", action: later(3_000) });
    await bench.clock.advance(3_000);
    const first = await bench.claim(message);
    expect(first).toMatchObject({ attempt: 1, failures: [] });
    await bench.settle(first, { kind: "retry", afterMs: 0, failure: failed(1) });
    await bench.settle(await bench.claim(message), released);
    await bench.clock.advance(5_000);
    expect(await bench.claim(message)).toMatchObject({ attempt: 2, failures: [failed(1)] });
  });

  test("with a time of delivery it is neither claimed nor written before, a replay of it included", async () => {
    const bench = await Bench.make(dynamo());
    const delayed = anEvent({ type: "custom.thing", metadata: { deliverAt: "2026-01-08T00:00:00.000Z" } });
    const message = bench.message(delayed);
    let received = 0;
    for (let left = 7 * 86_400_000; left > 0; left -= 39_600_000) {
      const action = later(Math.min(left, 39_600_000));
      expect(await bench.refused(message)).toEqual({ why: "delayed", action });
      expect(await bench.refused(bench.message(delayed, { replayId: "replay-1" }))).toMatchObject({ why: "delayed" });
      await bench.clock.advance(action.afterMs);
      received += 1;
    }
    expect(received).toBe(16);
    expect(await bench.rows()).toEqual({});
    expect(await bench.claim(message)).toMatchObject({ attempt: 1, event: delayed });
  });

  test("a time of delivery that is none, or too far ahead, makes it invalid, however late it is read", async () => {
    const bench = await Bench.make(dynamo());
    const invalid = (deliverAt: string) =>
      bench.message(anEvent({ id: deliverAt, type: "custom.thing", metadata: { deliverAt } }));
    const messages = ["tomorrow", "2026-01-08T00:10:00.001Z"].map(invalid);
    for (const message of messages) expect(await bench.refused(message)).toEqual({ why: "invalid", action: gone });
    await bench.clock.advance("1d");
    for (const message of messages) expect(await bench.refused(message)).toEqual({ why: "invalid", action: gone });
    expect([...bench.deadLetters.keys()]).toHaveLength(2);
    const reasons = [...bench.deadLetters.values()].map(({ reason }) => reason.message);
    expect(reasons).toEqual([expect.stringContaining("RFC 3339"), expect.stringContaining("7 days")]);
  });

  test("dead, it is a dead letter with all that failed, and is not run again", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    await bench.settle(await bench.claim(message), { kind: "retry", afterMs: 0, failure: failed(1) });
    const reason = failed(2, { code: "non_retriable", stack: "a long stack" });
    await bench.clock.advance(1_000);
    expect(await bench.settle(await bench.claim(message), { kind: "dead", failure: reason })).toEqual(gone);
    expect(bench.deadLetter).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      subscription: "one",
      event,
      reason,
      attempts: 2,
      failures: [failed(1), reason],
      acceptedAt: "2026-01-01T00:00:00.000Z",
      deadAt: "2026-01-01T00:00:01.000Z",
    });
    expect(await bench.refused(message)).toEqual({ why: "dead", action: gone });
  });

  test("dropped, it is over", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    expect(await bench.settle(await bench.claim(message), { kind: "dropped" })).toEqual(gone);
    expect(await bench.refused(message)).toMatchObject({ why: "duplicate" });
  });

  test("expired, it is never claimed", async () => {
    const bench = await Bench.make(dynamo());
    const expired = anEvent({ type: "custom.thing", metadata: { expiresAt: "2026-01-01T00:00:00.000Z" } });
    expect(await bench.refused(bench.message(expired))).toEqual({ why: "expired", action: gone });
    expect(await bench.rows()).toEqual({});
  });

  test("not idempotent, its success is forgotten at once", async () => {
    const bench = await Bench.make(dynamo(), { idempotent: false });
    const message = bench.message(event);
    await bench.settle(await bench.claim(message));
    expect(await bench.rows()).toEqual({});
    expect(await bench.claim(message)).toMatchObject({ attempt: 1 });
  });

  test("is remembered for `dedupeFor`, though DynamoDB deletes later", async () => {
    const bench = await Bench.make(dynamo(), { dedupeFor: 60_000 });
    const message = bench.message(event);
    await bench.settle(await bench.claim(message), { kind: "retry", afterMs: 0, failure: failed(1) });
    await bench.settle(await bench.claim(message));
    await bench.clock.advance(59_999);
    expect(await bench.refused(message)).toMatchObject({ why: "duplicate" });
    await bench.clock.advance(1);
    expect(await bench.claim(message)).toMatchObject({ attempt: 1, failures: [] });
  });

  test("forgotten, it begins anew, for one of two that open it at once", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    await bench.settle(await bench.claim(message), { kind: "retry", afterMs: 0, failure: failed(1) });
    await bench.clock.advance("16d");
    const between = async () => {
      expect(await bench.claim(message)).toMatchObject({ attempt: 1, failures: [] });
    };
    bench.onceBefore("UpdateItemCommand", between, 1);
    expect(await bench.refused(message)).toMatchObject({ why: "retryLater" });
  });

  test("whose claim took longer than its lease is not handed over, and not counted", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    bench.onceBefore("UpdateItemCommand", () => bench.clock.advance(10_000));
    expect(await bench.store.claim(message, bench.record, { leaseMs: 10_000 })).toEqual({
      why: "retryLater",
      action: later(0),
    });
    expect(await bench.claim(message)).toMatchObject({ attempt: 1, failures: [] });
  });

  test("a replay is a delivery of its own, marked, accepted when it was queued", async () => {
    const bench = await Bench.make(dynamo());
    const timed = anEvent({ id: "019b76da-a800-7000-8000-000000000001", type: "custom.thing" });
    const dead = { kind: "dead", failure: failed(1) } as const;
    await bench.clock.advance(1_000);
    const first = await bench.claim(bench.message(timed));
    expect(first.acceptedAt).toBe(bench.clock.now() - 1_000);
    await bench.settle(first, dead);
    await bench.clock.advance(5_000);
    const replayed = bench.message(timed, { replayId: "replay-1" });
    const delivery = await bench.claim(replayed);
    expect(delivery).toMatchObject({ attempt: 1, acceptedAt: bench.clock.now() });
    expect(delivery.event.metadata.replay).toEqual({ id: "replay-1" });
    await bench.settle(delivery, dead);
    expect(delivery.replayId).toBe("replay-1");
    const deadLetters = [...bench.deadLetters.values()];
    expect(deadLetters.map(({ event: { metadata }, replayId }) => [metadata.replay?.id, replayId])).toEqual([
      [undefined, undefined],
      ["replay-1", "replay-1"],
    ]);
    expect(await bench.refused(replayed)).toMatchObject({ why: "dead" });
    expect(await bench.claim(bench.message(timed, { replayId: "replay-2" }))).toMatchObject({ attempt: 1 });
  });

  test("what is not a valid event becomes one dead letter, whoever sees it", async () => {
    const bench = await Bench.make(dynamo());
    const invalid = bench.message(anEvent({ type: "task.created", data: { taskId: 7 } }));
    expect(await bench.refused(invalid)).toEqual({ why: "invalid", action: gone });
    bench.record = { ...bench.record, name: "two" };
    await bench.clock.advance(1_000);
    expect(await bench.refused(invalid)).toMatchObject({ why: "invalid" });
    expect(bench.deadLetter).toMatchObject({ reason: { code: "invalid_event", attempt: 0 }, attempts: 0 });
    expect(bench.deadLetter.subscription).toBeUndefined();
    for (const body of ["no JSON", "[]", '{"detail":{}}']) {
      expect(await bench.refused({ body, sentMs: 0 })).toMatchObject({ why: "invalid" });
    }
    expect(bench.deadLetters.size).toBe(4);
    expect([...bench.deadLetters.values()].at(-1)?.event.data).toEqual({ stored: '{"detail":{}}' });
  });

  test("a table that is not there is named", async () => {
    const bench = Bench.withoutTable(dynamo(), "lost-deliveries");
    await expect(bench.claim(bench.message(event))).rejects.toMatchObject({
      code: "not_found",
      message: expect.stringContaining("lost-deliveries"),
    });
  });
});
