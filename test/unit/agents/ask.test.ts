import { expect, test } from "vitest";
import { ask, replies, request, vote } from "../../../lib/agents/index.ts";
import { taskCompleted } from "../../../lib/catalog/index.ts";
import { type TestBus, testBus } from "../../../lib/testing/index.ts";

function approvalIds(bus: TestBus): string[] {
  return bus.published.flatMap(({ type, data }) =>
    type === "approval.requested" ? [(data as { approvalId: string }).approvalId] : [],
  );
}

test("a question is asked once over all attempts, and answered after days", async () => {
  const bus = testBus();
  const answers: unknown[] = [];
  let failures = 1;
  await bus.subscribe({ name: "deploy", on: "custom.deploy" }, async () => {
    if (failures-- > 0) {
      void ask(bus, "Deploy?", { of: "person", timeout: "3d" }).catch(() => {});
      throw new Error("before the answer");
    }
    answers.push(await ask(bus, "Deploy?", { of: "person", timeout: "3d" }));
  });
  await bus.publish({ type: "custom.deploy", data: {} });
  await bus.clock.advance("1d");
  const [approvalId = "", ...more] = approvalIds(bus);
  expect(more).toEqual([]);
  expect(bus.published.find(({ type }) => type === "approval.requested")?.data).toMatchObject({
    question: "Deploy?",
    of: "person",
    deadline: "2026-01-04T00:00:00.000Z",
  });
  await bus.emit.approval.granted({ approvalId, by: "ann", reason: "tested" });
  await bus.clock.advance("10m");
  expect(answers).toEqual([{ outcome: "granted", by: "ann", reason: "tested" }]);
});

test("a question that nobody answers expires, in a handler and outside", async () => {
  const bus = testBus();
  const answers: unknown[] = [];
  await bus.subscribe({ name: "deploy", on: "custom.deploy" }, async () => {
    answers.push(await ask(bus, "Deploy?", { timeout: "1h" }));
  });
  await bus.publish({ type: "custom.deploy", data: {} });
  await bus.clock.advance("2h");
  const outside = ask(bus, "Deploy?", { timeout: "1h" });
  await bus.clock.advance("1h");
  expect([...answers, await outside]).toEqual([{ outcome: "expired" }, { outcome: "expired" }]);
  expect(bus.published.filter(({ type }) => type === "approval.expired").map(({ data }) => data)).toEqual(
    approvalIds(bus).map((approvalId) => ({ approvalId })),
  );
});

test("outside of a handler the first answer counts", async () => {
  const bus = testBus();
  const answer = ask(bus, "Go on?", { timeout: "1m" });
  await bus.clock.advance(0);
  const [approvalId = ""] = approvalIds(bus);
  await bus.emit.approval.denied({ approvalId, by: "bob" });
  await bus.emit.approval.granted({ approvalId, by: "ann" });
  expect(await answer).toEqual({ outcome: "denied", by: "bob" });
});

test("a vote counts the first n different voters who may vote", async () => {
  const bus = testBus();
  const votes = vote(bus, "Merge?", { n: 2, by: ["ann", "bob", "cy"], timeout: "1m" });
  await bus.clock.advance(0);
  const [approvalId = ""] = approvalIds(bus);
  await bus.emit.approval.granted({ approvalId, by: "ann" });
  await bus.emit.approval.denied({ approvalId, by: "ann" });
  await bus.emit.approval.denied({ approvalId, by: "stranger" });
  await bus.emit.approval.denied({ approvalId });
  await bus.emit.approval.denied({ approvalId, by: "bob" });
  expect(await votes).toEqual({
    complete: true,
    granted: 1,
    denied: 1,
    votes: [
      { outcome: "granted", by: "ann" },
      { outcome: "denied", by: "bob" },
    ],
  });
});

test("a vote that is not complete in time gives what there is, in a handler after days", async () => {
  const bus = testBus();
  const ended: unknown[] = [];
  await bus.subscribe({ name: "merge", on: "custom.merge", attempts: 1 }, async () => {
    ended.push(await vote(bus, "Merge?", { n: 2, timeout: "2d" }));
  });
  await bus.publish({ type: "custom.merge", data: {} });
  await bus.clock.advance("1d");
  const [approvalId = "", ...more] = approvalIds(bus);
  expect(more).toEqual([]);
  await bus.emit.approval.granted({ approvalId, by: "ann" });
  await bus.clock.advance("25h");
  expect(ended).toEqual([{ complete: false, granted: 1, denied: 0, votes: [{ outcome: "granted", by: "ann" }] }]);
});

test("a request gets what its handler returns, once", async () => {
  const bus = testBus();
  let failures = 1;
  await bus.subscribe({ name: "worker", on: "task.created" }, ({ data }) => ({ taskId: data.taskId, result: "done" }), {
    use: [
      async (_event, _context, next) => {
        const value = await next();
        if (failures-- > 0) throw new Error("after the reply");
        return value;
      },
      replies(taskCompleted),
    ],
  });
  const reply = request(bus, { type: "task.created", data: { taskId: "t1" } }, { reply: taskCompleted });
  await bus.drain();
  expect((await reply).data).toEqual({ taskId: "t1", result: "done" });
  expect(bus.published.filter(({ type }) => type === "task.completed")).toHaveLength(1);
});

test("a request that nobody answers says which one", async () => {
  const bus = testBus();
  const reply = request(bus, { type: "custom.ask", data: {} }, { reply: "custom.reply", timeout: "1s" });
  const ends = Promise.allSettled([reply]);
  await bus.clock.advance("1s");
  const [end] = await ends;
  const sent = bus.published[0]?.id;
  expect(end).toMatchObject({ reason: { code: "timeout", details: { request: sent, timeoutMs: 1_000 } } });
});
