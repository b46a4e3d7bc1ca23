import { expect, test } from "vitest";
import { steps } from "../../../lib/agents/index.ts";
import { testBus } from "../../../lib/testing/index.ts";

test("a step that has succeeded is not run again by later attempts, and is by a replay", async () => {
  const bus = testBus();
  const runs: string[] = [];
  let failures = 2;
  const results: unknown[] = [];
  await bus.subscribe({ name: "work", on: "custom.work", attempts: 3 }, async () => {
    const step = steps(bus);
    const plan = await step.run("plan", () => {
      runs.push("plan");
      return { parts: runs.length };
    });
    await step.run("write", () => {
      runs.push("write");
      if (failures-- > 0) throw new Error("model is busy");
      return null;
    });
    results.push(plan);
  });
  const { id } = await bus.publish({ type: "custom.work", data: {} });
  await bus.drain();
  expect(runs).toEqual(["plan", "write", "write", "write"]);
  expect(results).toEqual([{ parts: 1 }]);
  await bus.replay({ ids: [id] }, { to: "work" });
  await bus.drain();
  expect(runs.slice(4)).toEqual(["plan", "write"]);
});

test("a sleep of days takes no attempt and no place of the subscription", async () => {
  const bus = testBus();
  const handled: string[] = [];
  const attempts: number[] = [];
  const settings = { name: "work", on: "custom.work", attempts: 1, concurrency: 1 } as const;
  await bus.subscribe<"custom.work">(settings, async ({ data }, { attempt }) => {
    const { sleeps } = data as { sleeps: boolean };
    attempts.push(attempt);
    if (sleeps) await steps(bus).sleep("two days", "2d");
    handled.push(sleeps ? "slept" : "at once");
  });
  await bus.publish({ type: "custom.work", data: { sleeps: true } });
  await bus.publish({ type: "custom.work", data: { sleeps: false } });
  await bus.clock.advance("47h");
  expect(handled).toEqual(["at once"]);
  await bus.clock.advance("1h");
  expect(handled).toEqual(["at once", "slept"]);
  expect(new Set(attempts)).toEqual(new Set([1]));
  expect((await bus.deadLetters.list()).deadLetters).toEqual([]);
  const { failed, retried } = await bus.metrics();
  expect({ failed, retried }).toEqual({ failed: 0, retried: 0 });
});

test("an event is waited for over days, and remembered; its absence, too", async () => {
  const bus = testBus();
  const answers: unknown[] = [];
  let failures = 1;
  await bus.subscribe({ name: "work", on: "custom.work" }, async (event) => {
    const want = { on: "custom.answer", where: { data: { to: [event.id] } } } as const;
    const answer = await steps(bus).waitFor("answer", want, { timeout: "3d" });
    if (failures-- > 0) throw new Error("after the answer");
    answers.push(answer?.data);
  });
  const { id } = await bus.publish({ type: "custom.work", data: {} });
  await bus.clock.advance("2d");
  expect(answers).toEqual([]);
  await bus.publish({ type: "custom.answer", data: { to: id, yes: true } });
  await bus.clock.advance("10m");
  expect(answers).toEqual([{ to: id, yes: true }]);
  await bus.publish({ type: "custom.work", data: {} });
  await bus.clock.advance("3d");
  await bus.clock.advance("10m");
  expect(answers.slice(1)).toEqual([undefined]);
});

test("steps belong to one delivery", async () => {
  const bus = testBus();
  expect(() => steps(bus)).toThrow("steps belongs to a delivery; call it in a handler");
  const errors: unknown[] = [];
  await bus.subscribe(
    { name: "batches", on: "custom.work" },
    () => {
      try {
        steps(bus);
      } catch (thrown) {
        errors.push(thrown);
      }
    },
    { batch: { size: 2, window: "1s" } },
  );
  await bus.publish({ type: "custom.work", data: {} });
  await bus.drain();
  expect(errors).toMatchObject([{ code: "invalid_config" }]);
});
