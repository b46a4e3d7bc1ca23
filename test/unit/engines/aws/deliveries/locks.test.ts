import { expect, test } from "vitest";
import type { Outcome } from "../../../../../lib/engine/delivery.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { describeDynamo } from "../../../../support/dynamo.ts";
import { Bench, dynamoForFile, failed, gone, later } from "./bench.ts";

const keyed = (id: string, key: unknown = "a") => anEvent({ id, type: "custom.thing", data: { key } });
const retry = (afterMs: number): Outcome => ({ kind: "retry", afterMs, failure: failed(1) });
const released = (afterMs: number): Outcome => ({ kind: "released", afterMs });
const dead: Outcome = { kind: "dead", failure: failed(1) };

describeDynamo("an ordered key", () => {
  const dynamo = dynamoForFile();
  const ordered = { ordered: "data.key" };

  test("is held while its delivery runs, and between its attempts", async () => {
    const bench = await Bench.make(dynamo(), ordered);
    const [first, second] = [bench.message(keyed("a1")), bench.message(keyed("a2"))];
    const running = await bench.claim(first);
    expect(await bench.refused(second)).toEqual({ why: "retryLater", action: later(1_000) });
    await bench.settle(running, retry(60_000));
    expect(await bench.refused(second)).toEqual({ why: "retryLater", action: later(60_000) });
    await bench.clock.advance(60_000);
    expect(await bench.refused(second)).toMatchObject({ why: "retryLater" });
    const again = await bench.claim(first);
    expect(again.attempt).toBe(2);
    await bench.settle(again, { kind: "released" });
    expect(await bench.refused(second)).toMatchObject({ why: "retryLater" });
    await bench.settle(await bench.claim(first));
    expect(await bench.claim(second)).toMatchObject({ attempt: 1 });
  });

  test("is no other key", async () => {
    const bench = await Bench.make(dynamo(), ordered);
    await bench.claim(bench.message(keyed("a1", "a")));
    await bench.claim(bench.message(keyed("b1", "b")));
    await bench.claim(bench.message(keyed("c1", { a: 1 })));
    expect(await bench.refused(bench.message(keyed("c2", { a: 1 })))).toMatchObject({ why: "retryLater" });
    await bench.claim(bench.message(anEvent({ id: "x1", type: "custom.thing" })));
    await bench.claim(bench.message(anEvent({ id: "x2", type: "custom.thing" })));
  });

  test("is held while its delivery is given back for a time, its first attempt and a redrive's included", async () => {
    const bench = await Bench.make(dynamo(), ordered);
    const [first, second] = [bench.message(keyed("a1")), bench.message(keyed("a2"))];
    await bench.settle(await bench.claim(first), released(60_000));
    expect(await bench.refused(second)).toEqual({ why: "retryLater", action: later(60_000) });
    await bench.clock.advance(60_000);
    await bench.settle(await bench.claim(first), dead);
    await bench.settle(await bench.claim(second));
    await bench.store.revive("one", keyed("a1"));
    const redriven = bench.message(keyed("a1"), { redrivenFrom: bench.deadLetter.id });
    await bench.settle(await bench.claim(redriven), released(60_000));
    const third = bench.message(keyed("a3"));
    expect(await bench.refused(third)).toEqual({ why: "retryLater", action: later(60_000) });
    await bench.clock.advance(60_000);
    await bench.settle(await bench.claim(redriven));
    await bench.claim(third);
  });

  for (const outcome of [dead, { kind: "dropped" }, { kind: "done" }] as const) {
    test(`goes on after: ${outcome.kind}`, async () => {
      const bench = await Bench.make(dynamo(), ordered);
      await bench.settle(await bench.claim(bench.message(keyed("a1"))), outcome);
      expect(await bench.claim(bench.message(keyed("a2")))).toMatchObject({ attempt: 1 });
    });
  }

  test("is not waited for by a delivery that has ended, whose message could not be deleted and is ahead of the holder's", async () => {
    const bench = await Bench.make(dynamo(), ordered);
    const [first, second, third] = [bench.message(keyed("a1")), bench.message(keyed("a2")), bench.message(keyed("a3"))];
    await bench.settle(await bench.claim(first));
    await bench.settle(await bench.claim(second), dead);
    await bench.settle(await bench.claim(third), retry(60_000));
    expect(await bench.refused(first)).toEqual({ why: "duplicate", action: gone });
    expect(await bench.refused(second)).toEqual({ why: "dead", action: gone });
  });

  test("goes on after an event that has expired between its attempts", async () => {
    const bench = await Bench.make(dynamo(), ordered);
    const expiring = keyed("a1");
    const first = bench.message({
      ...expiring,
      metadata: { ...expiring.metadata, expiresAt: "2026-01-01T00:00:01.000Z" },
    });
    await bench.settle(await bench.claim(first), retry(2_000));
    await bench.clock.advance(2_000);
    await bench.settle(await bench.claim(first), { kind: "dropped" });
    await bench.claim(bench.message(keyed("a2")));
  });

  test("of many deliveries at once lets one through, and counts no attempt of the others", async () => {
    const bench = await Bench.make(dynamo(), ordered);
    const messages = Array.from({ length: 20 }, (_, index) => bench.message(keyed(`a${index}`)));
    const claims = await Promise.all(
      messages.map((message) => bench.store.claim(message, bench.record, { leaseMs: 30_000 })),
    );
    const claimed = claims.flatMap((one) => ("delivery" in one ? [one.delivery] : []));
    expect(claimed).toHaveLength(1);
    for (const delivery of claimed) await bench.settle(delivery);
    for (const message of messages) {
      const next = await bench.store.claim(message, bench.record, { leaseMs: 30_000 });
      if (!("delivery" in next)) {
        expect(next.why).toBe("duplicate");
        continue;
      }
      expect(next.delivery.attempt).toBe(1);
      await bench.settle(next.delivery);
    }
  });

  test("stays with a delivery whose process ended, and goes on once that has ended too", async () => {
    const bench = await Bench.make(dynamo(), { ...ordered, attempts: 2 });
    const [first, second] = [bench.message(keyed("a1")), bench.message(keyed("a2"))];
    await bench.claim(first, 1_000);
    await bench.clock.advance(1_000);
    expect(await bench.refused(second)).toMatchObject({ why: "retryLater" });
    await bench.claim(first, 1_000);
    await bench.clock.advance(1_000);
    expect(await bench.refused(second)).toMatchObject({ why: "retryLater" });
    expect(await bench.refused(first)).toEqual({ why: "dead", action: gone });
    await bench.claim(second);
  });

  test("whose holder's row is gone is free", async () => {
    const bench = await Bench.make(dynamo(), ordered);
    const first = await bench.claim(bench.message(keyed("a1")));
    await bench.deleteRow("one#a1#");
    const second = await bench.claim(bench.message(keyed("a2")));
    expect(await bench.settle(first)).toEqual(gone);
    expect(await bench.refused(bench.message(keyed("a3")))).toMatchObject({ why: "retryLater" });
    await bench.settle(second);
    await bench.claim(bench.message(keyed("a3")));
  });

  test("is free after a success that is forgotten at once", async () => {
    const bench = await Bench.make(dynamo(), { ...ordered, idempotent: false });
    await bench.settle(await bench.claim(bench.message(keyed("a1"))));
    await bench.claim(bench.message(keyed("a2")));
  });

  test("does not wait for a revived delivery whose message was never sent", async () => {
    const bench = await Bench.make(dynamo(), ordered);
    const first = keyed("a1");
    await bench.settle(await bench.claim(bench.message(first)), dead);
    expect(await bench.store.revive("one", first)).toBe("revived");
    const next = await bench.claim(bench.message(keyed("a2")));
    const redriven = bench.message(first, { redrivenFrom: bench.deadLetter.id });
    expect(await bench.refused(redriven)).toMatchObject({ why: "retryLater" });
    await bench.settle(next);
    await bench.settle(await bench.claim(redriven), retry(0));
    expect(await bench.refused(bench.message(keyed("a3")))).toMatchObject({ why: "retryLater" });
  });

  test("is not blocked by a delivery whose message was purged once its row's time is past", async () => {
    const bench = await Bench.make(dynamo(), ordered);
    await bench.settle(await bench.claim(bench.message(keyed("a1"))), retry(0));
    const second = bench.message(keyed("a2"));
    await bench.clock.advance("14d");
    expect(await bench.refused(second)).toMatchObject({ why: "retryLater" });
    await bench.clock.advance("2d");
    await bench.claim(second);
  });

  test("is held against a copy of the message that comes early; one that comes late is a duplicate, whoever runs", async () => {
    const bench = await Bench.make(dynamo(), ordered);
    const [first, second] = [bench.message(keyed("a1")), bench.message(keyed("a2"))];
    const running = await bench.claim(first);
    expect(await bench.refused(first)).toMatchObject({ why: "retryLater" });
    expect(await bench.refused(second)).toMatchObject({ why: "retryLater" });
    await bench.settle(running);
    const next = await bench.claim(second);
    expect(await bench.refused(first)).toMatchObject({ why: "duplicate" });
    await bench.settle(next);
    expect(await bench.refused(first)).toMatchObject({ why: "duplicate" });
  });

  test("has those that wait for it try ever less often, so that no queue gives them up", async () => {
    const bench = await Bench.make(dynamo(), ordered);
    await bench.claim(bench.message(keyed("a1")), 86_400_000);
    const behind = bench.message(keyed("a2"));
    let tries = 0;
    const until = bench.clock.now() + 3_600_000;
    while (bench.clock.now() < until) {
      const { action } = await bench.refused(behind);
      tries += 1;
      await bench.clock.advance(action.kind === "later" ? action.afterMs : 0);
    }
    expect(tries).toBeLessThan(40);
  });
});

describeDynamo("a subscription that runs one at a time", () => {
  const dynamo = dynamoForFile();
  const single = { concurrency: 1 };

  test("runs one, whoever opens", async () => {
    const bench = await Bench.make(dynamo(), single);
    const [first, second] = [bench.message(keyed("1")), bench.message(keyed("2"))];
    const running = await bench.claim(first);
    expect(await bench.refused(second)).toEqual({ why: "retryLater", action: later(1_000) });
    await bench.settle(running);
    await bench.claim(second);
  });

  test("goes on with others between the attempts of one", async () => {
    const bench = await Bench.make(dynamo(), single);
    const [first, second] = [bench.message(keyed("1")), bench.message(keyed("2"))];
    await bench.settle(await bench.claim(first), retry(1_000));
    const other = await bench.claim(second);
    await bench.clock.advance(1_000);
    expect(await bench.refused(first)).toMatchObject({ why: "retryLater" });
    await bench.settle(other);
    expect(await bench.claim(first)).toMatchObject({ attempt: 2 });
  });

  test("goes on with others while one is given back for a time", async () => {
    const bench = await Bench.make(dynamo(), single);
    await bench.settle(await bench.claim(bench.message(keyed("1"))), released(60_000));
    await bench.claim(bench.message(keyed("2")));
  });

  test("has an event that was delayed for days wait for its turn as one that has just come", async () => {
    const bench = await Bench.make(dynamo(), single);
    const delayed = bench.message({
      ...keyed("1"),
      metadata: { ...keyed("1").metadata, deliverAt: "2026-01-05T00:00:00.000Z" },
    });
    await bench.clock.advance("4d");
    await bench.claim(bench.message(keyed("2")));
    expect(await bench.refused(delayed)).toEqual({ why: "retryLater", action: later(1_000) });
  });

  test("goes on once the lease of a run whose process ended is over", async () => {
    const bench = await Bench.make(dynamo(), single);
    await bench.claim(bench.message(keyed("1")), 10_000);
    await bench.clock.advance(9_999);
    expect(await bench.refused(bench.message(keyed("2")))).toMatchObject({ why: "retryLater" });
    await bench.clock.advance(1);
    await bench.claim(bench.message(keyed("2")));
    expect(await bench.refused(bench.message(keyed("1")))).toMatchObject({ why: "retryLater" });
  });

  test("stays with the one that runs, however one before it ends that was only paused", async () => {
    const bench = await Bench.make(dynamo(), single);
    const paused = await bench.claim(bench.message(keyed("1")), 10_000);
    await bench.clock.advance(10_000);
    await bench.claim(bench.message(keyed("2")));
    expect(await bench.settle(paused, retry(0))).toEqual(later(0));
    expect(await bench.refused(bench.message(keyed("3")))).toMatchObject({ why: "retryLater" });
  });

  test("and in order: a key waits for its head, others for the slot", async () => {
    const bench = await Bench.make(dynamo(), { concurrency: 1, ordered: "data.key" });
    const [a1, a2, b1] = [bench.message(keyed("a1")), bench.message(keyed("a2")), bench.message(keyed("b1", "b"))];
    const head = await bench.claim(a1);
    expect(await bench.refused(b1)).toMatchObject({ why: "retryLater" });
    await bench.settle(head, retry(1_000));
    expect(await bench.refused(a2)).toMatchObject({ why: "retryLater" });
    const other = await bench.claim(b1);
    await bench.clock.advance(1_000);
    expect(await bench.refused(a1)).toMatchObject({ why: "retryLater" });
    await bench.settle(other);
    await bench.settle(await bench.claim(a1));
    await bench.claim(a2);
  });
});
