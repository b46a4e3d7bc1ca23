import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../lib/connect/index.ts";
import { rateLimit } from "../../lib/publish/rate-limit.ts";
import { ManualClock } from "../../lib/testing/index.ts";

// A redrive recorded events that the rate limit had dead-lettered even if their definition says `history: false`.
test("redriving a delta that the rate limit dead-lettered delivers it without recording it", async () => {
  const bus = await connect({
    engine: "memory",
    source: "test",
    clock: new ManualClock(),
    use: [rateLimit({ perSecond: 1, over: "dead-letter" })],
  });
  onTestFinished(() => bus.close());
  const delivered: string[] = [];
  const all = Promise.withResolvers<void>();
  await bus.subscribe({ on: ["llm.text.delta", "task.created"] }, ({ type }) => {
    if (delivered.push(type) === 3) all.resolve();
  });
  await bus.emit.task.created({ taskId: "task-12" });
  await expect(bus.emit.llm.text.delta({ content: "The " })).rejects.toMatchObject({ code: "rate_limited" });
  await expect(bus.emit.task.created({ taskId: "task-13" })).rejects.toMatchObject({ code: "rate_limited" });

  expect((await bus.deadLetters.redrive({})).done).toHaveLength(2);
  await all.promise;
  expect(delivered.toSorted()).toEqual(["llm.text.delta", "task.created", "task.created"]);
  const { events } = await bus.history.query();
  expect(events.map(({ type }) => type)).toEqual(["task.created", "task.created"]);
});
