import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../../lib/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { waggle } from "./spawn-waggle.ts";

const command = fileURLToPath(new URL("../../../dist/bin/waggle.js", import.meta.url));

/** A client of `waggle mcp` as a process, and another process of the same bus. */
async function start(...options: string[]) {
  const { path: cwd, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const bus = await connect({
    engine: "embedded",
    file: join(cwd, ".waggle/bus.db"),
    source: "other",
    logLevel: "silent",
  });
  onTestFinished(() => bus.close());
  const connectClient = async () => {
    const client = new Client({ name: "test", version: "1" });
    const transport = new StdioClientTransport({ command: process.execPath, args: [command, "mcp", ...options], cwd });
    await client.connect(transport);
    onTestFinished(() => client.close());
    return { client, pid: transport.pid };
  };
  const { client, pid } = await connectClient();
  const call = callerOf(client);
  return { bus, client, pid, call, connectClient };
}

function callerOf(client: Client) {
  return async (name: string, input: Record<string, unknown> = {}) => {
    const { content, isError } = await client.callTool({ name, arguments: input });
    const [first] = Array.isArray(content) ? content : [];
    const text = String(Object(first).text);
    return { isError: isError === true, text, json: text.startsWith("{") ? Object(JSON.parse(text)) : undefined };
  };
}

const reading = ["query_events", "get_event", "get_flow", "wait_for_event", "list_dead_letters"];

test("it reads by default, and each tool has a schema and says that it changes nothing", async () => {
  const { bus, client, call } = await start();
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(reading);
  for (const { inputSchema, annotations, description } of tools) {
    expect(inputSchema).toMatchObject({ type: "object", additionalProperties: false });
    expect(annotations?.readOnlyHint).toBe(true);
    expect(description?.length).toBeGreaterThan(40);
  }
  expect((await call("publish_event", { type: "custom.a", data: {} }).catch(() => ({ isError: true }))).isError).toBe(
    true,
  );
  expect((await bus.history.query()).events).toEqual([]);
});

test("what happened is found in few words, page by page", async () => {
  const { bus, call } = await start();
  const first = await bus.publish({ type: "custom.long", data: { text: "x".repeat(1_000) } });
  const second = await bus.publish({
    type: "custom.short",
    data: { n: 1 },
    metadata: { correlationId: first.id, causationId: first.id },
  });
  const page = await call("query_events", { limit: 1 });
  expect(page.json.events).toMatchObject([{ id: second.id, data: { n: 1 }, causationId: first.id }]);
  const rest = await call("query_events", { limit: 1, cursor: page.json.cursor });
  expect(rest.json.events[0]).toMatchObject({ id: first.id, dataLength: 1_011 });
  expect(rest.text.length).toBeLessThan(1_000);
  expect((await call("get_event", { id: first.id })).json.data.text).toHaveLength(1_000);
  expect((await call("get_flow", { id: second.id })).json).toMatchObject({
    id: first.id,
    size: 2,
    events: [
      { depth: 0, id: first.id },
      { depth: 1, id: second.id },
    ],
  });
});

test("an agent waits for what another process publishes, and misses nothing between two calls", async () => {
  const { bus, call } = await start();
  const before = await bus.publish({ type: "custom.before", data: {} });
  expect((await call("wait_for_event", { types: ["custom.done"], timeoutSeconds: 1 })).json).toEqual({
    timedOut: true,
  });
  const done = await bus.publish({ type: "custom.done", data: { ok: true } });
  const wanted = { types: ["custom.*"], where: { data: { ok: [true] } }, after: before.id };
  expect((await call("wait_for_event", wanted)).json.event).toMatchObject({ id: done.id, data: { ok: true } });
  const waiting = call("wait_for_event", { types: ["custom.later"], after: done.id, timeoutSeconds: 50 });
  const later = await bus.publish({ type: "custom.later", data: {} });
  expect((await waiting).json.event.id).toBe(later.id);
});

test("what is allowed writes: publish once, and redrive", async () => {
  const { bus, client, call } = await start("--allow", "publish,redrive");
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([...reading, "publish_event", "redrive_dead_letters"]);
  for (const _ of [1, 2]) {
    expect((await call("publish_event", { type: "custom.once", data: {}, id: "own" })).json).toMatchObject({
      id: "own",
      source: "waggle-mcp",
    });
  }
  expect((await bus.history.query()).events).toHaveLength(1);
  const succeeded = Promise.withResolvers<void>();
  let broken = true;
  await bus.subscribe({ name: "fails", on: "custom.work", attempts: 1 }, () => {
    if (broken) throw new Error("broken");
    succeeded.resolve();
  });
  await call("publish_event", { type: "custom.work", data: {}, correlationId: "f" });
  await bus.settled("f");
  const { json } = await call("list_dead_letters", { subscription: "fails" });
  expect(json.deadLetters).toMatchObject([{ subscription: "fails", reason: { message: "broken" }, attempts: 1 }]);
  broken = false;
  const report = await call("redrive_dead_letters", { ids: [json.deadLetters[0].id] });
  expect(report.isError).toBe(false);
  await succeeded.promise;
});

test("what an agent had in hand when its server was killed is the next one's, and nothing comes twice", async () => {
  const { bus, pid, call, connectClient } = await start("--allow", "claim");
  await call("claim_deliveries", { subscription: "work", types: ["custom.work"] });
  for (const n of [1, 2]) await bus.publish({ type: "custom.work", data: { n } });
  const claim = async (from: typeof call) =>
    (await from("claim_deliveries", { subscription: "work", waitSeconds: 20 })).json.deliveries[0];
  const [first, second] = [await claim(call), await claim(call)];
  const acked = await call("settle_deliveries", { subscription: "work", ack: [first.receipt] });
  expect(acked.json.results).toMatchObject([{ ok: true }]);
  process.kill(pid ?? 0, "SIGKILL");
  const next = callerOf((await connectClient()).client);
  const again = await claim(next);
  expect(again.event.id).toBe(second.event.id);
  const late = await next("settle_deliveries", { subscription: "work", ack: [second.receipt, again.receipt] });
  expect(late.json.results).toMatchObject([{ ok: false, error: { code: "not_found" } }, { ok: true }]);
  expect(await bus.subscriptions.get("work")).toMatchObject({ waiting: 0, delayed: 0, running: 0 });
});

test("what is wrong is refused, and the connection goes on", async () => {
  const { call } = await start("--allow", "publish");
  const refused: [tool: string, input: Record<string, unknown>, reason: string][] = [
    ["get_event", { id: "missing" }, "not_found"],
    ["get_flow", { id: "missing" }, "not_found"],
    ["wait_for_event", { types: ["custom.a"], after: "missing" }, "not_found"],
    ["wait_for_event", { types: ["custom.a"], where: { data: 1 } }, "invalid_pattern"],
    ["query_events", { since: "yesterday" }, "invalid_config"],
    ["query_events", { limit: 101 }, "limit"],
    ["query_events", { other: 1 }, "other"],
    ["publish_event", { type: "task.created", data: {} }, "invalid_event"],
    ["publish_event", { type: "task.none", data: {} }, "unknown_type"],
  ];
  for (const [tool, input, reason] of refused) {
    const answer = await call(tool, input).catch((error: Error) => ({ isError: true, text: error.message }));
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining(reason) });
  }
});

test("an unknown writing tool is a usage error, and the end of stdin ends it", async () => {
  const { path: cwd, remove } = await temporaryDirectory();
  onTestFinished(remove);
  expect(await waggle(cwd, ["mcp", "--allow", "drop"])).toMatchObject({ code: 2, stdout: "" });
  expect(await waggle(cwd, ["mcp"])).toMatchObject({ code: 0, stdout: "" });
});
