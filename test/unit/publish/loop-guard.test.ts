import { expect, test } from "vitest";
import { coalesce, type LoopGuardOptions, loopGuard, rateLimit } from "../../../lib/index.ts";
import { testBus } from "../../../lib/testing/index.ts";

/** A bus on which each event of a type has a handler publish the next one, as often as is said. */
async function answering(
  options: LoopGuardOptions | false | undefined,
  rounds: number,
  data = (round: number): object => ({ round }),
) {
  const bus = testBus({ use: options === undefined ? [] : [loopGuard(options)] });
  let round = 0;
  const codes: unknown[] = [];
  await bus.subscribe({ name: "answers", on: "custom.ask", attempts: 1 }, async () => {
    round += 1;
    if (round > rounds) return;
    await bus.publish({ type: "custom.ask", data: data(round) }).catch((error) => {
      codes.push(error.code);
      throw error;
    });
  });
  const { id } = await bus.publish({ type: "custom.ask", data: {} });
  await bus.drain();
  return { bus, flow: id, codes, published: bus.published.filter(({ type }) => type === "custom.ask").length - 1 };
}

test.each([
  { why: "depth", options: { depth: 10 }, published: 10 },
  { why: "events", options: { events: 10 }, published: 10 },
  { why: "events of a type", options: { ofType: 10 }, published: 10 },
])("a loop ends by its $why", async ({ options, published }) => {
  const ended = await answering(options, 100);
  expect(ended).toMatchObject({ published, codes: ["loop_detected"] });
  const { deadLetters } = await ended.bus.deadLetters.list();
  expect(deadLetters.map(({ reason }) => reason.code)).toEqual(["loop_detected"]);
  const told = ended.bus.published.filter(({ type }) => type === "system.loop.detected");
  expect(told).toMatchObject([
    { data: { hops: 11, events: 11, type: "custom.ask" }, metadata: { correlationId: ended.flow } },
  ]);
});

test("a subscription that says the same again and again is a loop", async () => {
  const same = await answering({ repeats: 5 }, 100, () => ({ same: true }));
  expect(same.published).toBe(25);
  const different = await answering({ repeats: 5 }, 100);
  expect(different).toMatchObject({ published: 100, codes: [] });
});

test("recursion that is meant has a way, and a new window begins anew", async () => {
  expect(await answering({ depth: 10, allow: ["custom.*"] }, 100)).toMatchObject({ published: 100, codes: [] });
  const bus = testBus({ use: [loopGuard({ events: 2, window: "1m" })] });
  const codes: unknown[] = [];
  await bus.subscribe({ name: "session", on: "custom.message", attempts: 1 }, async () => {
    await bus.publish({ type: "custom.reply", data: {} }).catch((error) => codes.push(error.code));
  });
  const message = { type: "custom.message", data: {}, metadata: { correlationId: "session" } } as const;
  for (let round = 0; round < 3; round += 1) await bus.publish(message);
  await bus.drain();
  expect(codes).toEqual(["loop_detected"]);
  await bus.clock.advance("1m");
  for (let round = 0; round < 2; round += 1) await bus.publish(message);
  await bus.drain();
  expect(codes).toHaveLength(1);
});

test("what is published outside of handlers, and deltas, count for nothing", async () => {
  const bus = testBus({ use: [loopGuard({ events: 3 })] });
  const metadata = { correlationId: "flow" };
  for (let n = 0; n < 10; n += 1) await bus.publish({ type: "custom.n", data: {}, metadata });
  const { id } = await bus.publish({ type: "custom.go", data: {}, metadata });
  await bus.subscribe({ on: "custom.again" }, async () => {
    for (let n = 0; n < 10; n += 1) await bus.emit.llm.text.delta({ content: "x" });
  });
  await bus.publish({ type: "custom.again", data: {}, metadata });
  await bus.drain();
  expect(bus.published.filter(({ type }) => type === "llm.text.delta")).toHaveLength(10);
  expect(id).toBeDefined();
});

test("wrong options are named", () => {
  expect(() => loopGuard({ depth: 0 })).toThrow("loopGuard: depth");
});

test("every bus has one, at 1,000 in a row; another replaces it, and false refuses nothing", async () => {
  expect(await answering(undefined, 1_100)).toMatchObject({ published: 1_000, codes: ["loop_detected"] });
  expect(await answering({ depth: 1_050 }, 1_100)).toMatchObject({ published: 1_050, codes: ["loop_detected"] });
  expect(await answering(false, 1_100)).toMatchObject({ published: 1_100, codes: [] });
});

test("the depth travels with the event, through processes that have not seen its causes", async () => {
  const first = testBus();
  await first.subscribe({ on: "custom.ask" }, (_, { bus }) => void bus.publish({ type: "custom.answer", data: {} }));
  await first.publish({ type: "custom.ask", data: {}, metadata: { hops: 998 } });
  await first.drain();
  const answer = first.published.find(({ type }) => type === "custom.answer");
  expect(answer?.metadata.hops).toBe(999);
  const second = testBus();
  const codes: unknown[] = [];
  await second.subscribe({ name: "again", on: "custom.*", attempts: 1 }, async (_, { bus }) => {
    await bus.publish({ type: "custom.answer", data: {} }).catch((error) => codes.push(error.code));
  });
  await second.publish({ type: "custom.answer", data: {}, metadata: { hops: answer?.metadata.hops ?? 0 } });
  await second.drain();
  expect(codes).toEqual(["loop_detected"]);
  expect(second.published.map(({ metadata }) => metadata.hops)).toEqual([999, 1_000, undefined]);
});

test("what a client elsewhere publishes too deep in a row is refused as well", async () => {
  const bus = testBus();
  const metadata = { correlationId: "flow", hops: 1_001 };
  await expect(bus.publish({ type: "custom.ask", data: {}, metadata })).rejects.toMatchObject({
    code: "loop_detected",
  });
  expect(bus.published).toMatchObject([{ type: "system.loop.detected", data: { hops: 1_001 } }]);
});

test("a publish that gives 0 hops starts anew", async () => {
  const bus = testBus({ use: [loopGuard({ depth: 3 })] });
  let ticks = 0;
  await bus.subscribe({ on: "custom.tick", attempts: 1 }, async () => {
    ticks += 1;
    if (ticks < 20) await bus.publish({ type: "custom.tick", data: { ticks }, metadata: { hops: 0 } });
  });
  await bus.publish({ type: "custom.tick", data: {} });
  await bus.drain();
  expect(ticks).toBe(20);
  expect(bus.published.every(({ metadata }) => metadata.hops === undefined)).toBe(true);
});

test.each([-1, 1.5, 1_000_001, "3"])("hops of %s are refused", async (hops) => {
  const bus = testBus();
  const publish = Reflect.apply(bus.publish, bus, [{ type: "custom.a", data: {}, metadata: { hops } }]);
  await expect(publish).rejects.toThrow("metadata.hops");
});

test("middleware of a bus is refused where it would keep the handler from running", async () => {
  const bus = testBus();
  for (const one of [loopGuard(), rateLimit({ perSecond: 1 }), coalesce()]) {
    const subscribe = Reflect.apply(bus.subscribe, bus, [{ on: "custom.a" }, () => {}, { use: [one] }]);
    await expect(subscribe).rejects.toThrow("give it to connect({ use })");
  }
});
