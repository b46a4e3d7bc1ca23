import fc from "fast-check";
import { expect, test } from "vitest";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const now = { ephemeral: false };
const keyed = (id: string, key: string, priority = 5) => anEvent({ id, data: { key }, metadata: { priority } });

test("within a key one delivery at a time, in order of acceptance; across keys the most urgent head first", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ ordered: "data.key" }), now);
  await publish(engine, keyed("a1", "a", 9));
  await publish(engine, keyed("a2", "a", 1));
  await publish(engine, keyed("b1", "b", 2));
  const consumer = new TestConsumer(engine, "one");
  expect(await consumer.ids(2)).toEqual(["b1", "a1"]);
  await consumer.settle({ kind: "done" }, consumer.held[1]);
  expect(await consumer.ids(2)).toEqual(["b1", "a2"]);
});

test("a key waits while its head is retried, and goes on after a dead letter", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ ordered: "data.key" }), now);
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, keyed("a1", "a"));
  await publish(engine, keyed("a2", "a"));
  await consumer.settle({ kind: "retry", afterMs: 1_000, failure: failed(1) });
  await publish(engine, keyed("b1", "b"));
  expect(await consumer.ids(1)).toEqual(["b1"]);
  expect(await engine.subscriptions.get("one")).toMatchObject({ waiting: 1, delayed: 1, running: 1 });
  await consumer.settle();
  await bench.clock.advance(1_000);
  expect(await consumer.ids(1)).toEqual(["a1"]);
  await consumer.settle({ kind: "dead", failure: failed(2) });
  expect(await consumer.ids(1)).toEqual(["a2"]);
});

test("when `ordered` changes, what is queued is kept in order by the new key", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), now);
  for (const id of ["a1", "b1", "a2", "b2"]) await publish(engine, keyed(id, id.slice(0, 1)));
  expect(await engine.subscriptions.put(aRecord({ ordered: "data.key" }), now)).toEqual({
    created: false,
    changed: ["ordered"],
  });
  const consumer = new TestConsumer(engine, "one");
  expect(await consumer.ids(2)).toEqual(["a1", "b1"]);
  await engine.subscriptions.put(aRecord(), now);
  expect(await consumer.ids(4)).toEqual(["a1", "b1", "a2", "b2"]);
  expect(bench.wrongDepths()).toEqual([]);
});

type Step =
  | { do: "publish"; key: number; priority: number; delayMs: number }
  | { do: "settle"; pick: number; how: "done" | "retry" | "released" | "throttled" | "dead" }
  | { do: "room"; room: number }
  | { do: "advance" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("publish"),
      key: fc.nat(2),
      priority: fc.integer({ min: 1, max: 3 }),
      delayMs: fc.constantFrom(0, 0, 500, 2_500),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("settle"),
      pick: fc.nat(9),
      how: fc.constantFrom("done", "retry", "released", "throttled", "dead"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("room"), room: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance") }) },
);

test("whatever happens, no key is ever held twice, its order is kept, nothing comes early, everything ends, and the depths are right", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      run += 1;
      const name = `run-${run}`;
      await engine.subscriptions.put(aRecord({ name, on: [`run.${run}`], ordered: "data.key", concurrency: 3 }), now);
      const consumer = new TestConsumer(engine, name, 3);
      const published: string[] = [];
      const ended: string[] = [];
      /** Before which time each must not be held. */
      const heldUntil = new Map<string, number>();
      const keyOf = (id: string) => id.split("-")[1];
      const check = () => {
        const keys = consumer.held.map(({ event }) => keyOf(event.id));
        expect(new Set(keys).size).toBe(keys.length);
        for (const { event } of consumer.held) {
          expect(bench.clock.now()).toBeGreaterThanOrEqual(heldUntil.get(event.id) ?? 0);
        }
      };
      const end = async (how: (Step & { do: "settle" })["how"], pick: number) => {
        const delivery = consumer.held[pick % Math.max(1, consumer.held.length)];
        if (delivery === undefined) return;
        if (how === "done" || how === "dead") ended.push(delivery.event.id);
        if (how === "retry" || how === "throttled") heldUntil.set(delivery.event.id, bench.clock.now() + 1_000);
        const failure = failed(delivery.attempt);
        const outcomes = {
          done: { kind: "done" },
          dead: { kind: "dead", failure },
          retry: { kind: "retry", afterMs: 1_000, failure },
          released: { kind: "released" },
          throttled: { kind: "released", afterMs: 1_000 },
        } as const;
        await consumer.settle(outcomes[how], delivery);
      };
      for (const one of steps) {
        if (one.do === "publish") {
          const id = `${run}-${one.key}-${published.length}`;
          published.push(id);
          const { delayMs, priority } = one;
          const until = bench.clock.now() + delayMs;
          heldUntil.set(id, until);
          const deliverAt = delayMs === 0 ? {} : { deliverAt: new Date(until).toISOString() };
          const metadata = { priority, ...deliverAt };
          await publish(engine, anEvent({ id, type: `run.${run}`, data: { key: one.key }, metadata }));
        } else if (one.do === "settle") await end(one.how, one.pick);
        else if (one.do === "room") {
          consumer.room = one.room;
          consumer.wake();
        } else await bench.clock.advance(1_000);
        check();
      }
      consumer.room = 3;
      consumer.wake();
      await eventually("all have ended", async () => {
        await bench.clock.advance(1_000);
        await end("done", 0);
        check();
        return ended.length === published.length;
      });
      for (const key of [0, 1, 2]) {
        const ofKey = (ids: string[]) => ids.filter((id) => keyOf(id) === String(key));
        expect(ofKey(ended)).toEqual(ofKey(published));
      }
      expect(bench.wrongDepths()).toEqual([]);
      consumer.stop();
      await engine.subscriptions.delete(name);
    }),
    { numRuns: 30 },
  );
});
