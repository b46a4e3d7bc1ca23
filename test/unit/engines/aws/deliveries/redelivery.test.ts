import { expect, test } from "vitest";
import { markReplay } from "../../../../../lib/replay/replay-mark.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { describeDynamo } from "../../../../support/dynamo.ts";
import { Bench, dynamoForFile, failed, gone } from "./bench.ts";

const event = anEvent({ type: "custom.thing", data: { key: "a" } });
const reason = { code: "unavailable", message: "the queue gave it up" } as const;

describeDynamo("a dead delivery", () => {
  const dynamo = dynamoForFile();

  test("revived, is run again with its attempts anew, and marked", async () => {
    const bench = await Bench.make(dynamo(), { attempts: 1 });
    await bench.settle(await bench.claim(bench.message(event)), { kind: "dead", failure: failed(1) });
    expect(await bench.store.revive("one", event)).toBe("revived");
    await bench.clock.advance(5_000);
    const message = bench.message(event, { redrivenFrom: bench.deadLetter.id });
    const delivery = await bench.claim(message);
    expect(delivery).toMatchObject({ attempt: 1, failures: [], redriven: true, acceptedAt: bench.clock.now() });
    expect(await bench.store.revive("one", event)).toBe("underWay");
    await bench.settle(delivery);
    expect(await bench.refused(message)).toMatchObject({ why: "duplicate" });
    expect(await bench.store.revive("one", event)).toBe("succeeded");
  });

  test("that dies again is another dead letter: the first may be removed after it", async () => {
    const bench = await Bench.make(dynamo());
    for (const count of [1, 2, 3]) {
      await bench.settle(await bench.claim(bench.message(event)), { kind: "dead", failure: failed(1) });
      expect(bench.deadLetters.size).toBe(count);
      expect(await bench.store.revive("one", event)).toBe("revived");
    }
  });

  test.each([
    ["deleted", { idempotent: false }],
    ["forgotten", { dedupeFor: 1_000 }],
  ])(
    "that a redrive brings when its row is %s dies as another dead letter than the one it was redriven from",
    async (_, settings) => {
      const bench = await Bench.make(dynamo(), settings);
      await bench.settle(await bench.claim(bench.message(event)), { kind: "dead", failure: failed(1) });
      const { id } = bench.deadLetter;
      await bench.clock.advance(20 * 86_400_000);
      expect(await bench.store.revive("one", event)).toBe("revived");
      const message = bench.message(event, { redrivenFrom: id });
      await bench.settle(await bench.claim(message));
      await bench.clock.advance(2_000);
      // SQS brings the same message once more.
      await bench.settle(await bench.claim(message), { kind: "dead", failure: failed(1) });
      expect([...bench.deadLetters.keys()]).toEqual([id, expect.not.stringContaining(id)]);
    },
  );

  test("that a redrive brings and its queue gives up unseen is another dead letter too", async () => {
    const bench = await Bench.make(dynamo());
    const first = await bench.store.giveUp(bench.message(event), "one", reason);
    await bench.clock.advance(20 * 86_400_000);
    const again = await bench.store.giveUp(bench.message(event, { redrivenFrom: first?.id ?? "" }), "one", reason);
    expect(again?.id).not.toBe(first?.id);
    expect(bench.deadLetters.size).toBe(2);
  });

  test("can be revived twice, where its message was not sent; not between its attempts", async () => {
    const bench = await Bench.make(dynamo());
    await bench.settle(await bench.claim(bench.message(event)), { kind: "dead", failure: failed(1) });
    expect(await bench.store.revive("one", event)).toBe("revived");
    expect(await bench.store.revive("one", event)).toBe("revived");
    const delivery = await bench.claim(bench.message(event));
    await bench.settle(delivery, { kind: "retry", afterMs: 1_000, failure: failed(1) });
    expect(await bench.store.revive("one", event)).toBe("underWay");
  });

  test("that is known no longer can be revived, and a replay by its own id", async () => {
    const bench = await Bench.make(dynamo(), { dedupeFor: 1_000 });
    const replayed = markReplay(event, "replay-1");
    await bench.settle(await bench.claim(bench.message(event)));
    await bench.settle(await bench.claim(bench.message(event, { replayId: "replay-1" })), {
      kind: "dead",
      failure: failed(1),
    });
    expect(await bench.store.revive("one", event)).toBe("succeeded");
    expect(await bench.store.revive("one", replayed)).toBe("revived");
    await bench.clock.advance(1_000);
    expect(await bench.store.revive("one", event)).toBe("revived");
    expect(await bench.store.revive("two", event)).toBe("revived");
  });

  test("that was not marked so before a crash is revived once that is sure", async () => {
    const bench = await Bench.make(dynamo());
    const delivery = await bench.claim(bench.message(event));
    bench.afterPut = () => {
      throw new Error("the process ends here");
    };
    await expect(bench.settle(delivery, { kind: "dead", failure: failed(1) })).rejects.toThrow("ends here");
    bench.afterPut = undefined;
    expect(await bench.store.revive("one", event)).toBe("underWay");
    await bench.clock.advance(30_000);
    expect(await bench.store.revive("one", event)).toBe("revived");
    expect(await bench.claim(bench.message(event))).toMatchObject({ attempt: 1 });
  });
});

describeDynamo("a delivery that its queue gave up", () => {
  const dynamo = dynamoForFile();

  test("before its first attempt is a dead letter with the reason, and can be redriven", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    const deadLetter = await bench.store.giveUp(message, "one", reason);
    expect(deadLetter).toEqual(bench.deadLetter);
    const failure = { ...reason, at: "2026-01-01T00:00:00.000Z", attempt: 0 };
    expect(deadLetter).toMatchObject({ subscription: "one", event, reason: failure, attempts: 0, failures: [failure] });
    expect(await bench.store.giveUp(message, "one", reason)).toBeUndefined();
    expect(await bench.refused(message)).toEqual({ why: "dead", action: gone });
    expect(await bench.store.revive("one", event)).toBe("revived");
    expect(await bench.claim(message)).toMatchObject({ attempt: 1 });
  });

  test("between its attempts, or after a crash, keeps what failed, and its key goes on", async () => {
    const bench = await Bench.make(dynamo(), { ordered: "data.key" });
    const [first, second, third] = ["1", "2", "3"].map((id) => bench.message({ ...event, id }));
    if (first === undefined || second === undefined || third === undefined) throw new Error("three were made");
    await bench.settle(await bench.claim(first), { kind: "retry", afterMs: 0, failure: failed(1) });
    expect(await bench.store.giveUp(first, "one", reason)).toMatchObject({ reason: failed(1), attempts: 1 });
    await bench.claim(second, 1_000);
    await expect(bench.store.giveUp(second, "one", reason)).rejects.toMatchObject({
      code: "unavailable",
      retryable: true,
    });
    await bench.clock.advance(1_000);
    expect(await bench.store.giveUp(second, "one", reason)).toMatchObject({
      reason: { code: "process_ended", attempt: 1 },
      attempts: 1,
    });
    await bench.claim(third);
  });

  test("that is tried again meanwhile is none yet", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    await bench.settle(await bench.claim(message), { kind: "retry", afterMs: 0, failure: failed(1) });
    bench.onceBefore("UpdateItemCommand", async () => {
      await bench.settle(await bench.claim(message), { kind: "retry", afterMs: 0, failure: failed(2) });
    });
    await expect(bench.store.giveUp(message, "one", reason)).rejects.toMatchObject({ code: "unavailable" });
    expect(bench.deadLetters.size).toBe(0);
    expect(await bench.store.giveUp(message, "one", reason)).toMatchObject({
      attempts: 2,
      failures: [failed(1), failed(2)],
    });
  });

  test("that succeeded is none; one that is no event is the dead letter of everybody", async () => {
    const bench = await Bench.make(dynamo());
    const message = bench.message(event);
    await bench.settle(await bench.claim(message));
    expect(await bench.store.giveUp(message, "one", reason)).toBeUndefined();
    const invalid = { body: "no JSON", sentMs: 0 };
    await bench.refused(invalid);
    expect(await bench.store.giveUp(invalid, "one", reason)).toMatchObject({ id: bench.deadLetter.id });
  });
});
