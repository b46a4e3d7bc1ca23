import { expect, test } from "vitest";
import { execution } from "../../../lib/adapters/ai-sdk.ts";
import { costOf } from "../../../lib/adapters/prices.ts";
import { recordable } from "../../../lib/adapters/recordable.ts";
import type { Event } from "../../../lib/index.ts";
import { testBus } from "../../../lib/testing/index.ts";

const typesOf = (events: readonly Event[]) => events.map(({ type }) => type);

test("in a handler it belongs to the flow of the event, and later attempts resume it", async () => {
  const bus = testBus();
  let done = 0;
  await bus.subscribe({ name: "agent", on: "task.created", attempts: 3 }, async (_event, { attempt, bus }) => {
    const output = await execution(bus, { agentId: "writer" }, async (run) => {
      const call = await run.modelCall("test-model");
      void call.text("Bees");
      if (attempt === 1) throw new Error("overloaded");
      await call.completed({ inputTokens: 1 });
      done += 1;
      return { resumed: run.resumed, flow: run.flow };
    });
    if (attempt === 2) throw new Error("after the execution");
    await bus.publish({ type: "custom.done", data: output });
  });
  const { id } = await bus.emit.task.created({ taskId: "t1" });
  await bus.drain();
  expect(done).toBe(1);
  expect(typesOf(bus.published)).toEqual([
    "task.created",
    ...["execution.started", "llm.call.started", "llm.text.delta", "execution.failed"],
    ...["execution.resumed", "llm.call.started", "llm.text.delta", "llm.call.completed", "execution.completed"],
    "custom.done",
  ]);
  expect(new Set(bus.published.map(({ metadata }) => metadata.correlationId))).toEqual(new Set([id]));
  const [, started] = bus.published;
  expect(started?.metadata).toMatchObject({ causationId: id, agentId: "writer" });
  expect(bus.published.at(-1)?.data).toEqual({ resumed: true, flow: id });
});

test("what is published without being awaited fails the execution where it is refused", async () => {
  const refusing = testBus({
    use: [
      {
        publish: (entry, next) => {
          if (entry.event.type === "llm.text.delta") throw new Error("refused");
          return next(entry);
        },
      },
    ],
  });
  const run = execution(refusing, {}, async (run) => {
    const call = await run.modelCall("test-model");
    void call.text("Bees");
    await call.completed({});
    return null;
  });
  await expect(run).rejects.toThrow("refused");
  expect(typesOf(refusing.published).at(-1)).toBe("execution.failed");
});

test("executions of other agents, and of other names, in one flow are others", async () => {
  const bus = testBus();
  const runs: string[] = [];
  for (const options of [{ agentId: "a" }, { agentId: "b" }, { agentId: "a", name: "again" }, { agentId: "a" }]) {
    await execution(bus, { flow: "f", ...options }, () => {
      runs.push(options.agentId);
      return null;
    });
  }
  expect(runs).toEqual(["a", "b", "a"]);
});

test("what costs nothing known has no cost, and what is cached costs less", () => {
  const prices = { known: { input: 3, output: 15, cachedInput: 0.3 }, "*": { input: 1, output: 1 } };
  expect(costOf(undefined, "known", { inputTokens: 1 })).toBeUndefined();
  expect(costOf({}, "toString", { inputTokens: 1 })).toBeUndefined();
  expect(costOf(prices, "known", { inputTokens: 1_000_000, outputTokens: 100_000, cachedTokens: 500_000 })).toBe(3.15);
  expect(costOf(prices, "other", { inputTokens: 1_000_000 })).toBe(1);
});

test("whatever a tool returns can be recorded", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  expect(recordable({ at: new Date(0), left: undefined })).toEqual({ at: "1970-01-01T00:00:00.000Z" });
  expect(recordable(circle)).toBe("[object Object]");
  expect(recordable(12n)).toBe("12");
  expect(recordable(undefined)).toBeUndefined();
  expect(recordable("x".repeat(70_000))).toEqual({ truncated: `"${"x".repeat(65_535)}` });
});
