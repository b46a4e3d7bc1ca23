import { expect, test } from "vitest";
import { anEvent } from "../../../../support/an-event.ts";
import { describeDynamo } from "../../../../support/dynamo.ts";
import { Bench, dynamoForFile, failed } from "./bench.ts";

const event = anEvent({ type: "custom.thing" });
const busy = { message: "HTTP 429" };

describeDynamo("how deliveries ended", () => {
  const dynamo = dynamoForFile();

  test("is kept with the write that ends them: attempts, failures, when, and how long it took", async () => {
    const bench = await Bench.make(dynamo());
    const { clock } = bench;
    const message = bench.message(event);
    const deliveries = [{ subscription: bench.record.name, event }];
    const acceptedAt = clock.now();
    for (const attempt of [1, 2]) {
      const delivery = await bench.claim(message);
      expect(await bench.store.ended(deliveries)).toEqual([]);
      await bench.settle(delivery, { kind: "retry", afterMs: 0, failure: failed(attempt, busy) });
    }
    const last = await bench.claim(message);
    const startedAt = clock.now();
    await clock.advance(40);
    const units = bench.countUnits();
    await bench.settle(last, { kind: "done" }, startedAt);
    expect(units).toEqual({ read: 0, written: 1 });
    const ended = {
      subscription: bench.record.name,
      eventId: event.id,
      outcome: "done",
      attempts: 3,
      failures: [{ code: "handler_error", message: "HTTP 429", count: 2 }],
      endedAt: new Date(clock.now()).toISOString(),
      ranMs: 40,
      totalMs: clock.now() - last.acceptedAt,
    };
    expect(await bench.store.ended(deliveries)).toEqual([ended]);
    expect(last.acceptedAt).toBeLessThanOrEqual(acceptedAt);
    // What comes again changes nothing.
    await bench.refused(message);
    expect(await bench.store.ended(deliveries)).toEqual([ended]);
  });

  test("a dead one with its last failure; redriven it is under way again, and then tells of its last end", async () => {
    const bench = await Bench.make(dynamo(), { attempts: 2 });
    const message = bench.message(event);
    const deliveries = [{ subscription: bench.record.name, event }];
    await bench.settle(await bench.claim(message), { kind: "retry", afterMs: 0, failure: failed(1, busy) });
    await bench.settle(await bench.claim(message), { kind: "dead", failure: failed(2, busy) });
    const failures = [{ code: "handler_error", message: "HTTP 429", count: 2 }];
    expect(await bench.store.ended(deliveries)).toMatchObject([{ outcome: "dead", attempts: 2, failures, ranMs: 0 }]);
    await bench.store.revive(bench.record.name, event);
    expect(await bench.store.ended(deliveries)).toEqual([]);
    const redriven = bench.message(event, { redrivenFrom: bench.deadLetter.id });
    await bench.settle(await bench.claim(redriven), { kind: "dropped" });
    expect(await bench.store.ended(deliveries)).toMatchObject([{ outcome: "dropped", attempts: 1, failures: [] }]);
  });

  test("failures whose messages the row had to cut are counted as those that they begin like", async () => {
    const bench = await Bench.make(dynamo(), { attempts: 9 });
    const message = bench.message(event);
    const long = { message: "it failed ".repeat(30) };
    for (let attempt = 1; attempt < 6; attempt += 1) {
      await bench.settle(await bench.claim(message), { kind: "retry", afterMs: 0, failure: failed(attempt, long) });
    }
    await bench.settle(await bench.claim(message));
    const [ended] = await bench.store.ended([{ subscription: bench.record.name, event }]);
    expect(ended?.failures).toMatchObject([{ code: "handler_error", count: 5 }]);
    expect(long.message).toContain(ended?.failures[0]?.message.replace(/…$/, ""));
  });

  test("of many deliveries each that is known, in the order in which they ended", async () => {
    const bench = await Bench.make(dynamo());
    const events = Array.from({ length: 130 }, (_, n) => anEvent({ id: `event-${n}`, type: "custom.thing" }));
    for (const one of events.slice(0, 110).reverse()) {
      await bench.settle(await bench.claim(bench.message(one)));
      await bench.clock.advance(1);
    }
    const ended = await bench.store.ended(events.map((one) => ({ subscription: bench.record.name, event: one })));
    expect(ended.map(({ eventId }) => eventId)).toEqual(
      events
        .slice(0, 110)
        .map(({ id }) => id)
        .reverse(),
    );
  });

  test("what another version has recorded without its end tells nothing", async () => {
    const bench = await Bench.make(dynamo());
    await bench.settle(await bench.claim(bench.message(event)));
    const rows = await bench.rows();
    expect(Object.values(rows)).toMatchObject([{ endedAt: { N: expect.any(String) } }]);
    for (const pk of Object.keys(rows)) await bench.forgetEnd(pk);
    expect(await bench.store.ended([{ subscription: bench.record.name, event }])).toEqual([]);
  });
});
