import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport, McpServer } from "@modelcontextprotocol/server";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { callTool, execution } from "../../../lib/adapters/mcp-client.ts";
import { testBus } from "../../../lib/testing/index.ts";
import { recordOf } from "./record-of.ts";

async function connected(): Promise<Client> {
  const server = new McpServer({ name: "bees", version: "1.0.0" });
  server.registerTool("search", { inputSchema: z.object({ query: z.string() }) }, ({ query }) => {
    if (query === "wasps") throw new Error("no wasps here");
    return { content: [{ type: "text", text: `what ${query} do` }] };
  });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const client = new Client({ name: "test", version: "1.0.0" });
  await Promise.all([server.connect(theirs), client.connect(ours)]);
  onTestFinished(() => client.close());
  return client;
}

test("the calls of an MCP client are the events that were recorded", async () => {
  const bus = testBus();
  const client = await connected();
  await execution(bus, { flow: "f1", agentId: "asker" }, async (run) => {
    const found = await callTool(run, client, { name: "search", arguments: { query: "bees" } });
    expect(found.content).toEqual([{ type: "text", text: "what bees do" }]);
    expect(await callTool(run, client, { name: "search", arguments: { query: "wasps" } })).toMatchObject({
      isError: true,
    });
    await client.close();
    await expect(callTool(run, client, { name: "search", arguments: { query: "bees" } })).rejects.toThrow();
    return null;
  });
  await expect(recordOf(bus.published)).toMatchFileSnapshot("../../fixtures/adapters/mcp-client.jsonl");
});
