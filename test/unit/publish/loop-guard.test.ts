import { expect, test } from "vitest";
import { type LoopGuardOptions, loopGuard } from "../../../lib/index.ts";
import { testBus } from "../../../lib/testing/index.ts";

/** A bus on which each event of a type has a handler publish the next one, as often as is said. */
async function answering(options: LoopGuardOptions, rounds: number, data = (round: number): object => ({ round })) {
  const bus = testBus({ use: [loopGuard(options)] });
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
