import { once } from "node:events";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import {
  createMCPClient,
  experimental_createMCPEventWebhook as createMCPEventWebhook,
  type Experimental_MCPEvent as MCPEvent,
  type Experimental_MCPEventStore as MCPEventStore,
  type Experimental_MCPEventSubscription as MCPEventSubscription,
} from "@ai-sdk/mcp";
import { expect, onTestFinished, test } from "vitest";
import type { Grant } from "../../../lib/server/access/grant.ts";
import { tokenFile } from "./mcp-client.ts";
import { serve } from "./serve.ts";

/** A server, and clients of the Vercel AI SDK. */
async function start() {
  const { tokenFile: file, token } = await tokenFile();
  const served = await serve({ tokenFile: file, allowPrivateWebhooks: true });
  return {
    ...served,
    connect: async (grant: Grant, store?: MCPEventStore) => {
      const headers = { authorization: `Bearer ${await token(grant)}` };
      const transport = { type: "http", url: `${served.url}/v1/mcp`, headers } as const;
      const client = await createMCPClient({
        transport,
        ...(store === undefined ? {} : { experimental_events: { store } }),
      });
      onTestFinished(() => client.close());
      return client;
    },
  };
}

/** Where an application keeps its subscriptions. */
function memoryStore(): MCPEventStore & { readonly all: Map<string, MCPEventSubscription> } {
  const all = new Map<string, MCPEventSubscription>();
  return {
    all,
    get: async (key) => all.get(key),
    getById: async (id) => [...all.values()].find((one) => one.id === id),
    set: async (subscription) => {
      all.set(subscription.key, subscription);
    },
    update: async (key, patch) => {
      const stored = all.get(key);
      if (stored !== undefined) all.set(key, { ...stored, ...patch });
    },
    delete: async (key) => {
      all.delete(key);
    },
  };
}

/** Serves a handler of web requests on loopback until the test has finished. */
async function listen(handle: (request: Request) => Promise<Response>): Promise<string> {
  const server = createServer(async (request, response) => {
    const { headers, method = "GET", url = "/" } = request;
    const init = { method, headers: headers as Record<string, string>, body: new Uint8Array(await buffer(request)) };
    const answer = await handle(new Request(`http://127.0.0.1${url}`, init));
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return `http://127.0.0.1:${address instanceof Object ? address.port : 0}/events`;
}

test("the AI SDK lists the tools, publishes, queries and waits", async () => {
  const { bus, connect } = await start();
  const client = await connect({ roles: ["publish", "subscribe"], source: "agent-7" });
  const tools = await client.tools();
  expect(Object.keys(tools)).toEqual(expect.arrayContaining(["publish_event", "query_events", "wait_for_event"]));
  const call = async (name: string, input: Record<string, unknown>) => {
    const { content, isError } = Object(
      await tools[name]?.execute?.(input, { toolCallId: name, messages: [], context: {} }),
    );
    expect([isError ?? false, content]).toEqual([false, expect.any(Array)]);
    return JSON.parse(content[0].text);
  };
  const published = await call("publish_event", { type: "custom.question", data: { n: 1 } });
  expect(published).toMatchObject({ type: "custom.question", source: "agent-7" });
  const { events } = await call("query_events", { types: ["custom.question"] });
  expect(events).toMatchObject([{ id: published.id, data: { n: 1 } }]);
  // It also finds what came before the call, so that nothing depends on which is first.
  const waiting = call("wait_for_event", { types: ["custom.answer"], after: published.id, timeoutSeconds: 20 });
  const answer = await bus.publish({ type: "custom.answer", data: {} });
  expect(await waiting).toMatchObject({ event: { id: answer.id } });
});

test("the AI SDK subscribes by webhook, verifies what it is sent, refreshes and unsubscribes", async () => {
  const { bus, connect } = await start();
  const store = memoryStore();
  const got: MCPEvent[] = [];
  const waiting: (() => void)[] = [];
  const until = async (count: number) => {
    while (got.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const url = await listen(
    createMCPEventWebhook({
      store,
      onEvent: async ({ event }) => {
        got.push(event);
        for (const wake of waiting.splice(0)) wake();
      },
    }),
  );
  const client = await connect({ roles: ["subscribe"] }, store);
  const events = client.experimental_events;
  const listed = (await events.list()).events;
  expect(listed.every(({ delivery }) => delivery.includes("webhook"))).toBe(true);
  const { id, refreshBefore } = await events.subscribe({
    name: "task.completed",
    arguments: { source: "agent-7" },
    delivery: { mode: "webhook", url, allowInsecureLocalhost: true },
    ttlMs: 3_600_000,
  });
  expect(Date.parse(refreshBefore ?? "")).toBeGreaterThan(Date.now());
  const publish = (taskId: string, source: string) => bus.publish({ type: "task.completed", source, data: { taskId } });
  const first = await publish("t1", "agent-7");
  await publish("t2", "agent-8");
  await until(1);
  expect(got).toMatchObject([{ eventId: first.id, name: "task.completed", data: { taskId: "t1" } }]);
  const refreshed = await events.refresh({ id });
  expect(refreshed).toMatchObject({ id, truncated: false });
  const second = await publish("t3", "agent-7");
  await until(2);
  expect(got[1]?.eventId).toBe(second.id);
  await events.unsubscribe({ id });
  expect(store.all.size).toBe(0);
  expect((await bus.subscriptions.list()).filter(({ ephemeral }) => !ephemeral)).toEqual([]);
});
