import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { standardCatalog } from "../../../lib/catalog/index.ts";
import type { ConnectOptions } from "../../../lib/connect/index.ts";
import type { Grant } from "../../../lib/server/access/grant.ts";
import type { ServerOptions } from "../../../lib/server/index.ts";
import type { AnyEvents } from "../../../lib/server/served-bus.ts";
import { tokenFile } from "./mcp-client.ts";
import { serve } from "./serve.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test asserts what it expects of the JSON.
type Json = any;

/** A client of protocol 2026-07-28, for which the extension is. */
async function connectTo(url: string, token?: string) {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
  const requestInit = token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL("/v1/mcp", url), { requestInit }));
  onTestFinished(() => client.close());
  const request = async (method: string, params: Record<string, unknown> = {}): Promise<Json> =>
    client.request({ method, params }, z.looseObject({}));
  return { client, request };
}

async function start(options: ServerOptions = {}, busOptions: ConnectOptions<AnyEvents> = {}) {
  const { tokenFile: file, token } = await tokenFile();
  const served = await serve({ tokenFile: file, ...options }, busOptions);
  return {
    ...served,
    ...(await connectTo(served.url)),
    as: async (grant: Grant) => connectTo(served.url, await token(grant)),
  };
}

/** The error of JSON-RPC that a request is refused with. */
async function refusalOf(request: Promise<unknown>): Promise<{ code: number; data: Json }> {
  const thrown: Json = await request.then(
    () => expect.unreachable("it was not refused"),
    (error: unknown) => error,
  );
  return { code: thrown.code, data: thrown.data };
}

test("the server advertises the extension, and every type that history keeps is an event with its schema", async () => {
  const { client, request } = await start();
  expect(client.getServerCapabilities()?.extensions).toEqual({ "io.modelcontextprotocol/events": {} });
  const events: Json[] = [];
  let pages = 0;
  for (let cursor: string | undefined; pages === 0 || cursor !== undefined; pages += 1) {
    const page = await request("events/list", cursor === undefined ? {} : { cursor });
    events.push(...page.events);
    cursor = page.nextCursor;
  }
  expect(pages).toBeGreaterThan(1);
  const kept = standardCatalog.types().filter((type) => standardCatalog.get(type)?.history !== false);
  expect(events.map(({ name }) => name)).toEqual(kept);
  const created = events.find(({ name }) => name === "task.created");
  expect(created).toMatchObject({
    description: "A task was created.",
    delivery: expect.arrayContaining(["poll", "push"]),
    inputSchema: { type: "object", additionalProperties: false, properties: { source: { type: "string" } } },
    payloadSchema: { type: "object", required: ["taskId"] },
  });
});

test("a poll begins now, and from its cursor on there is each event once, in order", async () => {
  const { bus, request } = await start();
  await bus.publish({ type: "task.completed", data: { taskId: "before" } });
  const first = await request("events/poll", { name: "task.completed" });
  expect(first).toMatchObject({ events: [], truncated: false, hasMore: false, nextPollMs: expect.any(Number) });
  const ids: string[] = [];
  for (let n = 0; n < 7; n += 1) {
    await bus.publish({ type: "custom.other", data: { n } });
    ids.push((await bus.publish({ type: "task.completed", data: { taskId: `t${n}` } })).id);
  }
  const found: Json[] = [];
  let cursor = first.cursor;
  for (let hasMore = true; hasMore; ) {
    const page = await request("events/poll", { name: "task.completed", cursor, maxEvents: 3 });
    expect(page.events.length).toBeLessThanOrEqual(3);
    found.push(...page.events);
    ({ cursor, hasMore } = page);
  }
  expect(found.map(({ eventId }) => eventId)).toEqual(ids);
  expect(found[0]).toEqual({
    eventId: ids[0],
    name: "task.completed",
    timestamp: expect.any(String),
    data: { taskId: "t0" },
    _meta: { "wagglebus/event": { source: "test", version: 1, correlationId: ids[0] } },
  });
  expect(await request("events/poll", { name: "task.completed", cursor })).toMatchObject({ events: [], cursor });
  // The same cursor again gives the same: a client that crashed misses nothing.
  const again = await request("events/poll", { name: "task.completed", cursor: first.cursor });
  expect(again.events.map(({ eventId }: Json) => eventId)).toEqual(ids);
});

test("arguments narrow the events", async () => {
  const { bus, request } = await start();
  const wanted = {
    type: "custom.done",
    source: "agent-1",
    metadata: { correlationId: "f", agentId: "a", tags: ["x", "y"] },
  };
  const { cursor } = await request("events/poll", { name: "custom.done" });
  const event = await bus.publish({ ...wanted, data: { n: 1 } });
  await bus.publish({ type: "custom.done", data: { n: 2 } });
  const cases = [
    { source: "agent-1" },
    { correlationId: "f" },
    { agentId: "a" },
    { tag: "y" },
    { where: { data: { n: [1] } } },
    { source: "agent-1", where: { metadata: { tags: ["x"] } } },
  ];
  for (const args of cases) {
    const { events } = await request("events/poll", { name: "custom.done", arguments: args, cursor });
    expect([args, events.map(({ eventId }: Json) => eventId)]).toEqual([args, [event.id]]);
  }
  expect((await request("events/poll", { name: "custom.done", arguments: {}, cursor })).events).toHaveLength(2);
});

test("a stream says that it is open, sends each event with a cursor, and goes on from there", async () => {
  const { bus, client, request, server } = await start({ heartbeatMs: 50 });
  const got: { method: string; params: Json }[] = [];
  const arrived: ((method: string) => void)[] = [];
  client.fallbackNotificationHandler = async (notification) => {
    got.push(notification as Json);
    for (const one of arrived) one(notification.method);
  };
  const next = (method: string) =>
    new Promise<void>((resolve) => {
      arrived.push((one) => {
        if (one === `notifications/events/${method}`) resolve();
      });
    });
  const active = next("active");
  const ended = request("events/stream", { name: "custom.s" });
  await active;
  const [first, beat] = [next("event"), next("heartbeat")];
  const a = await bus.publish({ type: "custom.s", data: { n: 1 } });
  await bus.publish({ type: "custom.other", data: {} });
  await first;
  await beat;
  const [opened] = got;
  const occurrence = got.find(({ method }) => method.endsWith("/event"))?.params;
  expect(opened).toMatchObject({ method: "notifications/events/active", params: { truncated: false } });
  const id = occurrence._meta["io.modelcontextprotocol/subscriptionId"];
  expect(occurrence).toMatchObject({ eventId: a.id, name: "custom.s", data: { n: 1 }, cursor: expect.any(String) });
  expect(got.every(({ params }) => params._meta["io.modelcontextprotocol/subscriptionId"] === id)).toBe(true);
  const b = await bus.publish({ type: "custom.s", data: { n: 2 } });
  const polled = await request("events/poll", { name: "custom.s", cursor: occurrence.cursor });
  expect(polled.events).toMatchObject([{ eventId: b.id }]);
  const fromStart = await request("events/poll", { name: "custom.s", cursor: opened?.params.cursor });
  expect(fromStart.events).toMatchObject([{ eventId: a.id }, { eventId: b.id }]);
  await server.close();
  await ended;
});

test("a revoked token ends its stream", async () => {
  const { tokenFile: file, token, revoke } = await tokenFile();
  const { url } = await serve({ tokenFile: file, heartbeatMs: 20 });
  const { client, request } = await connectTo(url, await token({ roles: ["subscribe"] }));
  const terminated = Promise.withResolvers<Json>();
  const active = Promise.withResolvers<void>();
  client.fallbackNotificationHandler = async ({ method, params }) => {
    if (method === "notifications/events/active") active.resolve();
    if (method === "notifications/events/terminated") terminated.resolve(params);
  };
  const ended = request("events/stream", { name: "custom.s" });
  await active.promise;
  await revoke();
  expect(await terminated.promise).toMatchObject({ error: { code: -32_024, data: { code: "forbidden" } } });
  await ended;
});

test("what a token may not see, it is not offered and not sent", async () => {
  const { as, bus } = await start();
  const { request } = await as({ roles: ["subscribe"], types: ["task.*"] });
  const { events } = await request("events/list");
  expect(events.every(({ name }: Json) => name.startsWith("task."))).toBe(true);
  expect(events.length).toBeGreaterThan(3);
  for (const method of ["events/poll", "events/stream"]) {
    expect((await refusalOf(request(method, { name: "custom.a" }))).code).toBe(-32_024);
  }
  await bus.publish({ type: "task.created", data: { taskId: "t" } });
  expect((await request("events/poll", { name: "task.created" })).events).toEqual([]);
  const publisher = await as({ roles: ["publish"] });
  for (const method of ["events/list", "events/poll", "events/stream"]) {
    expect(await refusalOf(publisher.request(method, { name: "custom.a" }))).toMatchObject({ code: -32_024 });
  }
});

test("what is gone from history is said to be: truncated", async () => {
  const { bus, request } = await start();
  const old = await bus.publish({ type: "custom.t", data: { n: 0 } });
  const { cursor } = await request("events/poll", { name: "custom.t" });
  const results = await bus.publishAll(
    Array.from({ length: 100_000 }, (_, n) => ({ type: "custom.t", data: { n } })) as Json,
  );
  expect(results.every(({ ok }: Json) => ok)).toBe(true);
  expect(await bus.history.get(old.id)).toBeUndefined();
  const page = await request("events/poll", { name: "custom.t", cursor, maxEvents: 1 });
  expect(page).toMatchObject({ truncated: true, hasMore: true, events: [{ data: { n: expect.any(Number) } }] });
  expect(await request("events/poll", { name: "custom.t", cursor: page.cursor, maxEvents: 1 })).toMatchObject({
    truncated: false,
  });
  const floor = await request("events/poll", { name: "custom.t", cursor: page.cursor, maxAgeMs: 0 });
  expect(floor).toMatchObject({ truncated: true, events: [] });
});

test("a memory bus that began anew serves what it has, and says that the rest is gone", async () => {
  const first = await start();
  const { cursor } = await first.request("events/poll", { name: "custom.m" });
  const second = await start();
  const event = await second.bus.publish({ type: "custom.m", data: {} });
  const page = await second.request("events/poll", { name: "custom.m", cursor });
  expect(page).toMatchObject({ truncated: true, events: [{ eventId: event.id }] });
});

test("hostile requests are refused with their code", async () => {
  const { request } = await start();
  const refused: [method: string, params: Record<string, unknown>, code: number][] = [
    ["events/poll", {}, -32_602],
    ["events/poll", { name: 1 }, -32_602],
    ["events/poll", { name: "" }, -32_602],
    ["events/poll", { name: "x".repeat(129) }, -32_602],
    ["events/poll", { name: "task.none" }, -32_023],
    ["events/poll", { name: "task.*" }, -32_023],
    ["events/poll", { name: "*" }, -32_023],
    ["events/poll", { name: "llm.text.delta" }, -32_023],
    ["events/poll", { name: "custom.a", cursor: "nonsense" }, -32_602],
    ["events/poll", { name: "custom.a", cursor: "n1".padEnd(3_000, "0") }, -32_602],
    ["events/poll", { name: "custom.a", cursor: 1 }, -32_602],
    ["events/poll", { name: "custom.a", maxEvents: 0 }, -32_602],
    ["events/poll", { name: "custom.a", maxEvents: 1.5 }, -32_602],
    ["events/poll", { name: "custom.a", maxAgeMs: -1 }, -32_602],
    ["events/poll", { name: "custom.a", arguments: { other: 1 } }, -32_602],
    ["events/poll", { name: "custom.a", arguments: [] }, -32_602],
    ["events/poll", { name: "custom.a", arguments: { where: { data: 1 } } }, -32_602],
    ["events/poll", { name: "custom.a", arguments: { source: "" } }, -32_602],
    ["events/stream", { name: "task.none" }, -32_023],
    ["events/stream", { name: "custom.a", cursor: "nonsense" }, -32_602],
    ["events/stream", { name: "custom.a", arguments: { where: [] } }, -32_602],
    ["events/list", { cursor: 1 }, -32_602],
  ];
  for (const [method, params, code] of refused) {
    const { code: given } = await refusalOf(request(method, params));
    expect([method, params, given]).toEqual([method, params, code]);
  }
});
