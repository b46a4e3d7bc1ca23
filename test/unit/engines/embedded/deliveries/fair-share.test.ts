import { expect, test } from "vitest";
import type { Engine } from "../../../../../lib/engine/engine.ts";
import { slotsOf } from "../../../../../lib/engines/embedded/deliveries/participants.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, publish, TestConsumer } from "../bench.ts";

const total = 200;
const now = { ephemeral: false };

/** Engines on one file, and `total` events in the queue of the subscription that they are to share. */
async function loaded(bench: Bench, concurrency: number, processes: number): Promise<Engine[]> {
  const engines: Engine[] = [];
  for (let count = 0; count < processes; count += 1) engines.push(await bench.open());
  const [one] = engines;
  if (one === undefined) throw new Error("no engine");
  await one.subscriptions.put(aRecord({ concurrency }), now);
  const ids = Array.from({ length: total }, (_, number) => `e${number}`);
  await Promise.all(ids.map((id) => publish(one, anEvent({ id }))));
  return engines;
}

/** Settles everything that any of the consumers gets, until all is handled; `check` is called in between. */
async function handleAll(
  bench: Bench,
  consumers: readonly TestConsumer[],
  check: () => void = () => {},
): Promise<number[]> {
  await eventually("all are handled", async () => {
    check();
    bench.clock.advance(20);
    for (const consumer of consumers) await consumer.settleAll();
    return consumers.reduce((sum, { seen }) => sum + seen.length, 0) === total;
  });
  const ids = consumers.flatMap(({ seen }) => seen.map(({ event }) => event.id));
  expect(new Set(ids).size).toBe(total);
  expect(bench.wrongDepths()).toEqual([]);
  return consumers.map(({ seen }) => seen.length);
}

for (const [concurrency, processes] of [
  [10, 2],
  [10, 3],
  [2, 2],
  [1, 2],
  [2, 3],
] as const) {
  test(`${processes} processes that could each take all share ${concurrency} slots`, async () => {
    const bench = await Bench.make();
    const engines = await loaded(bench, concurrency, processes);
    // The others come when the first one has all the slots.
    const consumers: TestConsumer[] = [];
    for (const engine of engines) {
      consumers.push(new TestConsumer(engine, "one", concurrency));
      await consumers[0]?.ids(concurrency);
    }
    const counts = await handleAll(bench, consumers, () => {
      expect(consumers.reduce((sum, { held }) => sum + held.length, 0)).toBeLessThanOrEqual(concurrency);
    });
    for (const count of counts) expect(count).toBeGreaterThanOrEqual(total / processes / 2);
  });
}

const endings: readonly (readonly [string, (consumer: TestConsumer, engine: Engine) => Promise<void> | void])[] = [
  [
    "paused",
    (consumer) => {
      consumer.room = 0;
    },
  ],
  ["stopped", (consumer) => consumer.stop()],
  [
    "closed",
    (consumer, engine) => {
      consumer.stop();
      return engine.close();
    },
  ],
];

for (const [what, end] of endings) {
  test(`one that is ${what} leaves all slots to the other`, async () => {
    const bench = await Bench.make();
    const [one, two] = await loaded(bench, 10, 2);
    if (one === undefined || two === undefined) throw new Error("no engine");
    const [first, second] = [new TestConsumer(one, "one", 10), new TestConsumer(two, "one", 10)];
    await eventually("both work", async () => {
      if (second.held.length > 0) return true;
      const [held] = first.held;
      if (held !== undefined) await first.settle(undefined, held);
      return false;
    });
    await end(second, two);
    await second.settleAll();
    await eventually("all slots are used by the first", () => first.held.length === 10);
    await handleAll(bench, [first, second]);
  });
}

test("slots are divided evenly, and what one cannot use goes to the others", () => {
  const of = (slots: number, most: readonly number[]) =>
    most.map((_, index) =>
      slotsOf(
        slots,
        most.map((each, processId) => ({ processId, most: each })),
        index,
      ),
    );
  expect(of(10, [10, 10])).toEqual([5, 5]);
  expect(of(10, [10, 10, 10])).toEqual([4, 3, 3]);
  expect(of(10, [10, 2])).toEqual([8, 2]);
  expect(of(1, [1, 1, 1])).toEqual([1, 0, 0]);
  expect(slotsOf(4, [{ processId: 1, most: 4 }], 2)).toBe(0);
});
