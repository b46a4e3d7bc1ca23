import { AgentCard, StreamResponse } from "@a2a-js/sdk";
import { RestTransportFactory } from "@a2a-js/sdk/client";
import { expect, test } from "vitest";
import { streamResponseSchema } from "../../../lib/server/a2a/protocol.ts";
import { serve } from "./serve.ts";
import { openStream } from "./sse-stream.ts";

type Served = Awaited<ReturnType<typeof serve>>;

const path = "/v1/flows/f/a2a";
const metadata = { correlationId: "f" };

const events = [
  { type: "task.created", data: { taskId: "t", title: "Pay" } },
  { type: "custom.noise", data: {} },
  { type: "task.assigned", data: { taskId: "t", agentId: "payer" } },
  { type: "task.started", data: { taskId: "t" } },
  { type: "custom.approval.requested", data: { action: "pay 5 €" } },
  { type: "custom.approval.decided", data: { approved: true } },
  { type: "task.failed", data: { taskId: "t", error: { message: "the bank is closed" } } },
  { type: "task.retried", data: { taskId: "t", attempt: 2 } },
  { type: "task.completed", data: { taskId: "t", result: { paid: [5] } } },
  { type: "task.completed", data: { taskId: "t", result: "twice" } },
  { type: "execution.completed", data: { executionId: "x", output: "done" } },
].map((one, index) => ({ ...one, id: `e ${index}`, metadata }));

async function publishRun({ bus }: Served): Promise<void> {
  for (const [index, one] of events.entries()) {
    await bus.publish({ ...one, time: `2026-01-31T12:00:00.0${String(index).padStart(2, "0")}Z` });
  }
}

/** All messages until the server ends the stream: the values, and the id of each. */
async function readAll({ url }: Served, lastId = ""): Promise<{ data: unknown; id: string }[]> {
  const stream = await openStream(url, path, lastId);
  const read = [];
  let before = lastId;
  for (;;) {
    const message = await stream.message().catch(() => undefined);
    if (message === undefined) return read;
    read.push({ data: JSON.parse(message.data) as unknown, id: stream.lastId === before ? "" : stream.lastId });
    before = stream.lastId;
  }
}

/** A message in one line. */
function short(given: unknown): string {
  const message = streamResponseSchema.parse(given);
  if ("artifactUpdate" in message) {
    const { taskId, artifact } = message.artifactUpdate;
    return `artifact ${taskId} ${JSON.stringify(artifact.parts)}`;
  }
  if ("task" in message) {
    const { id, status, artifacts = [] } = message.task;
    return ["task", id, status.state, ...artifacts.map(({ parts }) => JSON.stringify(parts))].join(" ");
  }
  const { taskId, status } = message.statusUpdate;
  return [
    "status",
    taskId,
    status.state,
    ...(status.message?.parts ?? []).map((part) => "text" in part && part.text),
  ].join(" ");
}

const expected = [
  "task t TASK_STATE_SUBMITTED",
  "status t TASK_STATE_SUBMITTED",
  "status t TASK_STATE_WORKING",
  "status t TASK_STATE_INPUT_REQUIRED pay 5 €",
  "status t TASK_STATE_WORKING",
  "status t TASK_STATE_FAILED the bank is closed",
  // A2A lets no task go on after its end.
  "task t#2 TASK_STATE_WORKING",
  'artifact t#2 [{"data":{"paid":[5]}}]',
  "status t#2 TASK_STATE_COMPLETED",
  'task x TASK_STATE_COMPLETED [{"text":"done"}]',
];

test("the tasks of a flow are told in the types of A2A, and the stream ends with them", async () => {
  const served = await serve();
  await publishRun(served);
  const read = await readAll(served);
  expect(read.map(({ data }) => short(data))).toEqual(expected);
  // The SDK's own reader and writer of the types change and miss nothing.
  for (const { data } of read) expect(StreamResponse.toJSON(StreamResponse.fromJSON(data))).toEqual(data);
  expect(read[0]?.data).toEqual({
    task: {
      id: "t",
      contextId: "f",
      status: { state: "TASK_STATE_SUBMITTED", timestamp: "2026-01-31T12:00:00.000Z" },
      metadata: { eventId: "e 0", type: "task.created" },
    },
  });
});

test("the standard answers go on with a task, and a cancelled one is over", async () => {
  const served = await serve();
  const run = [
    { type: "task.created", data: { taskId: "t" } },
    { type: "approval.requested", data: { approvalId: "a", question: "Pay 5 €?", reason: "above the limit" } },
    { type: "approval.denied", data: { approvalId: "a" } },
    { type: "node.input.blocked", data: { prompt: "How much?" } },
    { type: "input.received", data: { content: "4 €" } },
    { type: "task.cancelled", data: { taskId: "t", reason: "too late" } },
  ];
  for (const [index, one] of run.entries()) {
    await served.bus.publish({ ...one, id: `e${index}`, metadata, time: `2026-01-31T12:00:00.00${index}Z` });
  }
  expect((await readAll(served)).map(({ data }) => short(data))).toEqual([
    "task t TASK_STATE_SUBMITTED",
    "status t TASK_STATE_INPUT_REQUIRED Pay 5 €?",
    "status t TASK_STATE_WORKING",
    "status t TASK_STATE_INPUT_REQUIRED How much?",
    "status t TASK_STATE_WORKING",
    "status t TASK_STATE_CANCELED too late",
  ]);
});

test("the client of A2A's SDK follows a flow", async () => {
  const served = await serve();
  await publishRun(served);
  const transport = await new RestTransportFactory({
    fetchImpl: (input, init) => fetch(String(input).replace("/tasks/f:subscribe", path), { ...init, method: "GET" }),
  }).create(served.url, AgentCard.fromJSON({}));
  const cases: unknown[] = [];
  for await (const one of transport.resubscribeTask({ id: "f", tenant: "" })) cases.push(one.payload?.$case);
  expect(cases).toEqual(
    expected.map((one) =>
      one.replace(/^(task|status|artifact) .*/, (_, kind) => (kind === "task" ? kind : `${kind}Update`)),
    ),
  );
});

test("cut off after any message, a client goes on without a gap", async () => {
  const served = await serve();
  await publishRun(served);
  const whole = await readAll(served);
  let lastId = "";
  let next = 0;
  for (const [index, { id }] of whole.entries()) {
    if (id !== "") [lastId, next] = [id, index + 1];
    // The rest begins behind the last event that came whole.
    expect((await readAll(served, lastId)).map(({ data }) => data)).toEqual(whole.slice(next).map(({ data }) => data));
  }
});

test("it waits for a flow that has not begun, and goes on for the next task where it is asked to", async () => {
  const served = await serve();
  const stream = await openStream(served.url, `${path}?follow=1`);
  const publish = (type: string, taskId: string) =>
    served.bus.publish({ type: type as "task.created", data: { taskId }, metadata });
  for (const taskId of ["a", "b"]) {
    await publish("task.created", taskId);
    expect(short(JSON.parse((await stream.message()).data))).toBe(`task ${taskId} TASK_STATE_SUBMITTED`);
    await publish("task.completed", taskId);
    expect(short(JSON.parse((await stream.message()).data))).toBe(`status ${taskId} TASK_STATE_COMPLETED`);
  }
});

test.each([
  ["an id of no stream", { "last-event-id": "§" }, "invalid_config"],
  ["an event of another flow", { "last-event-id": Buffer.from("other").toString("base64url") }, "not_found"],
  ["an event that is not there", { "last-event-id": Buffer.from("none").toString("base64url") }, "not_found"],
])("%s is refused as where to go on", async (_, headers, code) => {
  const { bus, get } = await serve();
  await bus.publish({ type: "custom.a", id: "other", data: {} });
  expect((await get(path, headers as Record<string, string>)).json).toMatchObject({ code });
});
