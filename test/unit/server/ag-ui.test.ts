import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readSse } from "../../../lib/engines/http/wire/sse-reader.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { judge } from "./ag-ui/judge.ts";
import { serve } from "./serve.ts";
import { openStream } from "./sse-stream.ts";

type Served = Awaited<ReturnType<typeof serve>>;

const metadata = { correlationId: "f" };
const agent = { correlationId: "f", agentId: "writer", streamId: "s" };

const events = [
  { type: "task.created", data: { taskId: "t" }, metadata },
  { type: "execution.started", data: { executionId: "x" }, metadata },
  { type: "state.changed", data: { key: "step", newValue: 1 }, metadata },
  { type: "node.loop.started", data: { nodeId: "n" }, metadata },
  { type: "node.loop.iteration", data: { nodeId: "n", iteration: 1 }, metadata },
  { type: "llm.reasoning.delta", data: { content: "hm, " }, metadata: agent },
  { type: "llm.reasoning.delta", data: { content: "bien sûr" }, metadata: agent },
  { type: "llm.text.delta", data: { content: "Ça " }, metadata: agent },
  { type: "llm.text.delta", data: { content: "va 🐝" }, metadata: agent },
  { type: "tool.call.started", data: { toolUseId: "c", toolName: "find", toolInput: { q: "é" } }, metadata: agent },
  { type: "tool.call.completed", data: { toolUseId: "c", toolName: "find", result: [1] }, metadata: agent },
  { type: "state.changed", data: { key: "step", scope: "n", newValue: { of: 2 } }, metadata },
  { type: "custom.approval.requested", data: { action: "pay" }, metadata },
  { type: "llm.text.delta", data: { content: "Fin" }, metadata: agent },
  { type: "conversation.message.posted", data: { content: "Fin" }, metadata: agent },
  { type: "execution.completed", data: { executionId: "x", output: "done" }, metadata },
].map((one, index) => ({ ...one, id: `e${index}` }));

/** Publishes a run, each event after the one before is on the log and on the way. */
async function publishRun({ bus }: Served): Promise<void> {
  for (const [index, one] of events.entries()) {
    await bus.publish({ ...one, time: `2026-01-31T12:00:00.0${String(index).padStart(2, "0")}Z` });
  }
}

/** The bytes of a stream until the server ends it. */
async function bytesOf(url: string, lastId = "", path = "/v1/flows/f/ag-ui"): Promise<Uint8Array> {
  const response = await fetch(url + path, lastId === "" ? {} : { headers: { "last-event-id": lastId } });
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

/** What a browser has got of a stream that is cut: whole messages, and the id of the last. */
async function received(bytes: Uint8Array): Promise<{ text: string; lastId: string }> {
  let lastId = "";
  let text = "";
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  const onId = (id: string) => {
    lastId = id;
  };
  for await (const { data } of readSse(body, { onId })) text += `data: ${data}\n\n`;
  return { text, lastId };
}

test("a run is what the client of AG-UI makes of it", async () => {
  const served = await serve();
  await publishRun(served);
  const { text } = await received(await bytesOf(served.url));
  expect(await judge(text)).toMatchInlineSnapshot(`
    {
      "messages": [
        {
          "content": "hm, bien sûr",
          "id": "e5",
          "role": "reasoning",
        },
        {
          "content": "Ça va 🐝",
          "id": "e7",
          "role": "assistant",
        },
        {
          "id": "c",
          "role": "assistant",
          "toolCalls": [
            {
              "function": {
                "arguments": "{"q":"é"}",
                "name": "find",
              },
              "id": "c",
              "type": "function",
            },
          ],
        },
        {
          "content": "[1]",
          "id": "e10-result",
          "role": "tool",
          "toolCallId": "c",
        },
        {
          "content": "Fin",
          "id": "e13",
          "role": "assistant",
        },
      ],
      "state": {
        "n": {
          "step": {
            "of": 2,
          },
        },
        "step": 1,
      },
      "types": [
        "RUN_STARTED",
        "STATE_DELTA",
        "STEP_STARTED",
        "STEP_STARTED",
        "REASONING_START",
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_END",
        "REASONING_END",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "TOOL_CALL_START",
        "TOOL_CALL_ARGS",
        "TOOL_CALL_END",
        "TOOL_CALL_RESULT",
        "STATE_DELTA",
        "STEP_FINISHED",
        "STEP_FINISHED",
        "RUN_FINISHED",
        "RUN_STARTED",
        "STATE_SNAPSHOT",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "RUN_FINISHED",
      ],
    }
  `);
});

test("cut at any byte and resumed, the client gets the same", async () => {
  const served = await serve();
  await publishRun(served);
  const bytes = await bytesOf(served.url);
  const whole = await received(bytes);
  const rests = new Map<string, string>();
  for (let length = 0; length < bytes.length; length += 1) {
    const { text, lastId } = await received(bytes.slice(0, length));
    const rest = rests.get(lastId) ?? (await received(await bytesOf(served.url, lastId))).text;
    rests.set(lastId, rest);
    if (text + rest !== whole.text) expect(`${length}: ${text}|${rest}`).toBe(whole.text);
  }
  expect(rests.size).toBe(whole.text.split("\n\n").length - 1);
});

test("cut off at one server, the client goes on at another of the same bus", async () => {
  const { path: folder, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const options = { engine: "embedded", file: join(folder, "bus.db") } as const;
  const [first, second] = [await serve({}, options), await serve({}, options)];
  await publishRun(first);
  for (const { url } of [first, second]) await (await openStream(url, "/v1/tail?deltas=1&type=llm.*")).take(5);
  const whole = (await received(await bytesOf(first.url))).text;
  const ids = new TextDecoder().decode(await bytesOf(first.url)).matchAll(/^id: (.+)$/gm);
  let count = 0;
  for (const [, id] of ids) {
    count += 1;
    const rest = (await received(await bytesOf(second.url, id))).text;
    expect(rest).toBe(whole.split("\n\n").slice(count).join("\n\n"));
  }
  expect(count).toBe(28);
});

test("a viewer sees a run as it goes, and one that is cut off in mid-message goes on there", async () => {
  const { bus, url } = await serve();
  const path = "/v1/flows/f/ag-ui";
  let stream = await openStream(url, path);
  let text = "";
  for (const one of events) {
    await bus.publish(one);
    if (one.type === "task.created") continue;
    const message = await stream.message();
    text += `data: ${message.data}\n\n`;
    const { lastId } = stream;
    stream.cut();
    stream = await openStream(url, `${path}?follow=1`, lastId);
  }
  while (!text.includes('"result":"done"')) text += `data: ${(await stream.message()).data}\n\n`;
  const { messages, state } = await judge(text);
  expect(state).toEqual({ step: 1, n: { step: { of: 2 } } });
  expect(messages).toMatchObject([
    { role: "reasoning", content: "hm, bien sûr" },
    { role: "assistant", content: "Ça va 🐝" },
    { role: "assistant", toolCalls: [{ id: "c" }] },
    { role: "tool", content: "[1]" },
    { role: "assistant", content: "Fin" },
  ]);
});

test("after pieces were lost, the client is told, and gets nothing twice", async () => {
  const first = await serve();
  await publishRun(first);
  const { text } = await received(await bytesOf(first.url));
  const messages = text.split("\n\n").length;
  const bytes = new TextDecoder().decode(await bytesOf(first.url));
  const afterPiece = /id: (\S+)\ndata: [^\n]*"delta":"Ça "/.exec(bytes)?.[1] ?? "";
  const point = JSON.parse(Buffer.from(afterPiece, "base64url").toString());
  const lost = Buffer.from(JSON.stringify({ ...point, delta: "gone" })).toString("base64url");
  const rest = await received(await bytesOf(first.url, lost));
  expect(rest.text).toContain("waggle.truncated");
  expect(rest.text).not.toContain("va 🐝");
  expect(rest.text.split("\n\n").length).toBeLessThan(messages);
});

test.each([
  ["no id of a stream", "x", 400, "invalid_config"],
  ["an id of another stream", "n12", 400, "invalid_config"],
  ["an event that is not recorded", "point", 404, "not_found"],
])("Last-Event-ID: %s", async (_, id, status, code) => {
  const { get } = await serve();
  const state = {
    messages: [],
    run: null,
    pause: { kind: "before", runId: null, executionId: null },
    loops: [],
    calls: [],
  };
  const point = Buffer.from(JSON.stringify({ last: "e", delta: null, part: 0, state })).toString("base64url");
  const answer = await get("/v1/flows/f/ag-ui", { "last-event-id": id === "point" ? point : id });
  expect(answer.json).toMatchObject({ status, code });
});
