import { expect, test } from "vitest";
import { connectTo } from "./mcp-client.ts";
import { serve } from "./serve.ts";

test("an MCP client reads the bus of a server, and has no tool that writes", async () => {
  const { bus, url } = await serve();
  const client = await connectTo(url);
  const { tools } = await client.listTools();
  expect(tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint])).toEqual([
    ["query_events", true],
    ["get_event", true],
    ["get_flow", true],
    ["wait_for_event", true],
    ["list_dead_letters", true],
  ]);
  const event = await bus.publish({ type: "custom.a", data: { n: 1 } });
  const { content } = await client.callTool({ name: "get_event", arguments: { id: event.id } });
  expect(content).toMatchObject([{ type: "text", text: expect.stringContaining('"data":{"n":1}') }]);
});

test("one server goes on where another began", async () => {
  const { bus, url } = await serve();
  const [first, second] = [await connectTo(url), await connectTo(url)];
  const before = await bus.publish({ type: "custom.before", data: {} });
  const waiting = second.callTool({ name: "wait_for_event", arguments: { types: ["custom.done"], after: before.id } });
  const done = await bus.publish({ type: "custom.done", data: {} });
  expect(JSON.stringify(await waiting)).toContain(done.id);
  expect(JSON.stringify(await first.callTool({ name: "query_events", arguments: {} }))).toContain(done.id);
});

test("a body that is too large, or no JSON, is refused", async () => {
  const { post, url } = await serve({ bodyLimit: 2_048 });
  expect((await post("/v1/mcp", "application/json", `"${"x".repeat(3_000)}"`)).status).toBe(413);
  const accept = { accept: "application/json, text/event-stream" };
  expect((await post("/v1/mcp", "application/json", "{", accept)).status).toBe(400);
  expect((await post("/v1/mcp", "text/plain", "{}", accept)).status).toBe(415);
  expect((await (await connectTo(url)).listTools()).tools).toHaveLength(5);
});

test("a server that ends answers who waits", async () => {
  const { bus, server, url } = await serve();
  const client = await connectTo(url);
  const before = await bus.publish({ type: "custom.before", data: {} });
  const input = { types: ["custom.never"], after: before.id, timeoutSeconds: 50 };
  const waiting = client.callTool({ name: "wait_for_event", arguments: input });
  await client.callTool({ name: "get_event", arguments: { id: before.id } });
  await server.close();
  expect(JSON.stringify(await waiting)).toContain("aborted");
});
