import { randomBytes } from "node:crypto";
import { expect, inject, test } from "vitest";
import { NonRetriableError } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { serve } from "../unit/server/serve.ts";

/** A served bus in PostgreSQL with some of everything that the page shows. */
async function busyServer() {
  const url = inject("postgresUrl");
  const schema = `page_${randomBytes(4).toString("hex")}`;
  const served = await serve({}, { engine: postgresEngine({ url, schema }) });
  const { bus } = served;
  await bus.subscribe({ name: "readers", on: "task.assigned", attempts: 1 }, async ({ data }) => {
    const { taskId } = Object(data);
    if (taskId === "task-2") throw new NonRetriableError("task-2 cannot be read");
    await bus.publish({ type: "task.completed", data: { taskId }, metadata: { agentId: "reader-1" } });
  });
  await (await bus.subscribe({ name: "archive", on: "workflow.*" }, () => {})).close();
  for (const taskId of ["task-1", "task-2"]) {
    const { id } = await bus.publish({ type: "task.assigned", data: { taskId, agentId: "reader-1" } });
    await bus.settled(id);
  }
  const start = await bus.publish({ type: "workflow.started", data: { workflowId: "w-1" } });
  await bus.publish({ type: "approval.requested", data: { approvalId: "a-1", question: "Publish?" } });
  return { ...served, start };
}

test("every view of the page has its answers on PostgreSQL", async () => {
  const { get, send, start } = await busyServer();
  const json = async (path: string) => {
    const { json: answer, status, text } = await get(path);
    expect(status, `${path}: ${text}`).toBe(200);
    return answer;
  };
  expect((await get("/")).text).toContain("<title>");
  expect((await json("/v1/flows")).flows).toHaveLength(4);
  expect(await json(`/v1/flows/${start.id}`)).toMatchObject({ pending: [{ subscription: "archive" }] });
  expect(await json(`/v1/events/${start.id}`)).toMatchObject({ id: start.id });
  expect(await json(`/v1/events/${start.id}/deliveries`)).toMatchObject({ pending: [{ subscription: "archive" }] });
  expect((await json("/v1/agents")).agents).toContainEqual(expect.objectContaining({ agentId: "reader-1", events: 1 }));
  expect((await json("/v1/dead-letters/groups")).groups).toMatchObject([{ subscription: "readers", count: 1 }]);
  expect((await json("/v1/dead-letters")).deadLetters).toMatchObject([
    { reason: { message: "task-2 cannot be read" } },
  ]);
  expect((await json("/v1/events?type=approval.*")).events).toHaveLength(1);
  expect((await json("/v1/stats")).rows.length).toBeGreaterThan(0);
  expect((await json("/v1/catalog")).types.length).toBeGreaterThan(10);
  expect(await json(`/v1/explain?event=${start.id}&subscription=readers`)).toMatchObject({ status: "not_matched" });
  expect((await send("POST", "/v1/replays", { select: { type: "task.*" }, to: "archive", dryRun: true })).status).toBe(
    200,
  );
});

test("its subscriptions: who is handled by nobody, rates, and pause and resume", async () => {
  const { get, send } = await busyServer();
  const named = async (name: string) =>
    (await get("/v1/subscriptions?rates=1")).json.subscriptions.find(
      ({ record }: never) => Object(record).name === name,
    );
  const { rates } = (await get("/v1/subscriptions?rates=1")).json;
  expect(rates).toMatchObject({
    overMs: 300_000,
    subscriptions: { readers: { handledPerMinute: 0.2, failedPerMinute: 0.2, deadPerMinute: 0.2 } },
  });
  expect(await named("archive")).toMatchObject({ handled: false, waiting: 1 });
  expect(await named("readers")).toMatchObject({ deadLetters: 1 });
  expect(await named("readers")).not.toHaveProperty("handled");
  expect((await send("POST", "/v1/subscriptions/readers/pause", {})).json).toEqual({ changed: true });
  expect(await named("readers")).toMatchObject({ paused: true });
  expect((await send("POST", "/v1/subscriptions/readers/resume", {})).json).toEqual({ changed: true });
  expect(await named("readers")).not.toHaveProperty("paused");
});
