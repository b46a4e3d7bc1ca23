import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import type { ConnectOptions } from "../../../lib/connect/index.ts";
import type { Grant } from "../../../lib/server/access/grant.ts";
import type { ServerOptions } from "../../../lib/server/index.ts";
import type { AnyEvents } from "../../../lib/server/served-bus.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { tokenFile } from "./mcp-client.ts";
import { eventReceiver, secret, willing } from "./mcp-webhook-receiver.ts";
import { serve } from "./serve.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test asserts what it expects of the JSON.
type Json = any;

async function requests(url: string, token: string | undefined) {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
  const requestInit = token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL("/v1/mcp", url), { requestInit }));
  onTestFinished(() => client.close());
  return async (method: string, params: Record<string, unknown> = {}): Promise<Json> =>
    client.request({ method, params }, z.looseObject({}));
}

async function start(options: ServerOptions = {}, busOptions: ConnectOptions<AnyEvents> = {}) {
  const tokens = await tokenFile();
  const served = await serve(
    { tokenFile: tokens.tokenFile, allowPrivateWebhooks: true, deltas: false, ...options },
    busOptions,
  );
  const as = async (grant: Grant) => requests(served.url, await tokens.token(grant));
  return { ...served, http: served.request, revoke: tokens.revoke, as, request: await as({ roles: ["subscribe"] }) };
}

/** What a client subscribes with. */
const wanted = (url: string, more: object = {}) => ({
  name: "custom.done",
  arguments: {},
  delivery: { mode: "webhook", url, secret },
  cursor: null,
  ...more,
});

async function refusalOf(request: Promise<unknown>): Promise<{ code: number; data: Json }> {
  const thrown: Json = await request.then(
    () => expect.unreachable("it was not refused"),
    (error: unknown) => error,
  );
  return { code: thrown.code, data: thrown.data };
}

const done = (n: number) => ({ type: "custom.done", data: { n } });

test("a receiver that answers the signed challenge is sent each event once, in order, with a cursor", async () => {
  const { bus, request } = await start();
  const { events, got, until, url } = await eventReceiver();
  await bus.publish(done(0));
  const { id, cursor, refreshBefore, truncated } = await request("events/subscribe", wanted(url));
  expect({ id, truncated }).toEqual({ id: expect.stringMatching(/^mcp-[0-9a-f]{32}$/), truncated: false });
  expect(Date.parse(refreshBefore)).toBeGreaterThan(Date.now());
  expect(got[0]?.body).toEqual({ type: "verification", challenge: expect.any(String) });
  const published = [];
  for (let n = 1; n <= 5; n += 1) {
    await bus.publish({ type: "custom.other", data: {} });
    published.push(await bus.publish({ ...done(n), metadata: { priority: n % 2 === 0 ? 1 : 9 } }));
  }
  await until(() => events().length === 5);
  expect(events().map(({ body }) => body.eventId)).toEqual(published.map((event) => event.id));
  const [{ body, headers }] = events() as [Json];
  expect(body).toEqual({
    eventId: published[0]?.id,
    name: "custom.done",
    timestamp: published[0]?.time,
    data: { n: 1 },
    cursor: expect.any(String),
    _meta: { "wagglebus/event": { source: "test", version: 1, correlationId: published[0]?.id } },
  });
  expect(headers).toMatchObject({ "webhook-id": body.eventId, "x-mcp-subscription-id": id });
  // The cursors are those of a poll.
  const later = await request("events/poll", { name: "custom.done", cursor: body.cursor });
  expect(later.events.map(({ data }: Json) => data.n)).toEqual([2, 3, 4, 5]);
  const all = await request("events/poll", { name: "custom.done", cursor });
  expect(all.events).toHaveLength(5);
});

test("it begins behind the cursor that is given, and nothing in between is lost", async () => {
  const { bus, request } = await start();
  const { events, until, url } = await eventReceiver();
  await bus.publish(done(0));
  const { cursor } = await request("events/poll", { name: "custom.done" });
  for (const n of [1, 2, 3]) await bus.publish(done(n));
  await request("events/subscribe", wanted(url, { cursor }));
  await bus.publish(done(4));
  await until(() => events().length >= 4);
  expect(events().map(({ body }) => body.data.n)).toEqual([1, 2, 3, 4]);
});

test("arguments narrow what is sent", async () => {
  const { bus, request } = await start();
  const { events, until, url } = await eventReceiver();
  const narrowed = [
    { source: "agent-1" },
    { correlationId: "f" },
    { agentId: "a" },
    { tag: "y" },
    { where: { data: { n: [1] } } },
    { source: "agent-1", tag: "x", where: { metadata: { agentId: ["a"] }, type: ["custom.done"] } },
  ];
  const ids = [];
  for (const one of narrowed) ids.push((await request("events/subscribe", wanted(url, { arguments: one }))).id);
  expect(new Set(ids).size).toBe(narrowed.length);
  const none = { source: "agent-1", where: { source: ["agent-2"] } };
  await request("events/subscribe", wanted(url, { arguments: none }));
  await bus.publish({
    ...done(1),
    source: "agent-1",
    metadata: { correlationId: "f", agentId: "a", tags: ["x", "y"] },
  });
  await bus.publish({ ...done(2), source: "agent-2" });
  await until(() => events().length === narrowed.length);
  await expect
    .poll(async () => (await bus.subscriptions.list()).every(({ waiting, running }) => waiting + running === 0))
    .toBe(true);
  expect(events().map(({ headers }) => headers["x-mcp-subscription-id"])).toEqual(expect.arrayContaining(ids));
  expect(events()).toHaveLength(narrowed.length);
});

test("the same subscribed again is refreshed: no event is lost or doubled, a new secret is verified", async () => {
  const clock = new ManualClock(Date.now());
  const { bus, request } = await start({}, { clock });
  const { events, got, until, url } = await eventReceiver();
  const first = await request("events/subscribe", wanted(url, { ttlMs: 120_000 }));
  await bus.publish(done(1));
  await until(() => events().length === 1);
  await clock.advance(90_000);
  const second = await request("events/subscribe", wanted(url, { ttlMs: 120_000, cursor: "kept-by-the-client" }));
  expect(second).toMatchObject({ id: first.id, cursor: "kept-by-the-client", truncated: false });
  expect(Date.parse(second.refreshBefore) - Date.parse(first.refreshBefore)).toBe(90_000);
  expect(got.filter(({ body }) => body.type === "verification")).toHaveLength(1);
  await clock.advance(90_000);
  await bus.publish(done(2));
  await until(() => events().length === 2);
  expect(events().map(({ body }) => body.data.n)).toEqual([1, 2]);
  const other = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;
  const rotated = wanted(url);
  const refused = await refusalOf(
    request("events/subscribe", { ...rotated, delivery: { ...rotated.delivery, secret: other } }),
  );
  expect(refused).toEqual({ code: -32_027, data: { reason: "http_4xx" } });
});

test("not refreshed in time, it ends, and so do the events that wait for it", async () => {
  const clock = new ManualClock(Date.now());
  const { bus, request } = await start({}, { clock });
  const { events, until, url } = await eventReceiver();
  await request("events/subscribe", wanted(url, { ttlMs: 1 }));
  await bus.publish(done(1));
  await until(() => events().length === 1);
  await clock.advance(55_000);
  expect(await bus.subscriptions.list()).toHaveLength(1);
  // A look follows on the one before, however long that takes.
  const left = async () => {
    await clock.advance(5_000);
    return bus.subscriptions.list();
  };
  await expect.poll(left).toEqual([]);
  await bus.publish(done(2));
  const { cursor } = await request("events/subscribe", wanted(url));
  expect(cursor).not.toBe("");
  await bus.publish(done(3));
  await until(() => events().length === 2);
  expect(events().map(({ body }) => body.data.n)).toEqual([1, 3]);
});

test("unsubscribed, it is gone; twice, or what never was, harms nothing; another caller cannot end it", async () => {
  const { as, bus, request } = await start();
  const { url } = await eventReceiver();
  await request("events/subscribe", wanted(url));
  const { secret: _, ...delivery } = wanted(url).delivery;
  const target = { name: "custom.done", arguments: {}, delivery };
  const other = await as({ roles: ["subscribe"] });
  await other("events/unsubscribe", target);
  expect(await bus.subscriptions.list()).toHaveLength(1);
  await request("events/unsubscribe", target);
  expect(await bus.subscriptions.list()).toEqual([]);
  await request("events/unsubscribe", target);
  await request("events/unsubscribe", { ...target, delivery: { url: "no url" } });
});

test("a failed event is sent again under its id before the next; 410 holds all back until it is refreshed", async () => {
  const clock = new ManualClock(Date.now());
  const { bus, get, request } = await start({}, { clock });
  const answers = [503, 204, 410];
  const { events, until, url } = await eventReceiver((message) =>
    message.body.eventId === undefined ? willing(message) : (answers.shift() ?? 204),
  );
  const { id } = await request("events/subscribe", wanted(url));
  for (const n of [1, 2, 3]) await bus.publish(done(n));
  await until(() => events().length === 1);
  await expect.poll(async () => (await bus.subscriptions.get(id))?.delayed).toBe(1);
  await clock.advance(2_000);
  await until(() => events().length === 3);
  const path = `/v1/subscriptions/${id}/webhook`;
  await expect.poll(async () => (await get(path)).json.state).toBe("disabled");
  await request("events/subscribe", wanted(url));
  await until(() => events().length === 5);
  expect(events().map(({ body }) => body.data.n)).toEqual([1, 1, 2, 2, 3]);
});

test("what is too large for a receiver is a dead letter at once, and holds nothing up", async () => {
  const { bus, request } = await start();
  const { events, until, url } = await eventReceiver((message) =>
    message.body.data?.n === 1 ? 413 : willing(message),
  );
  await request("events/subscribe", wanted(url));
  const large = await bus.publish({ type: "custom.done", data: { text: "x".repeat(262_144) } });
  const refused = await bus.publish(done(1));
  await bus.publish(done(2));
  await until(() => events().some(({ body }) => body.data.n === 2));
  await expect.poll(async () => (await bus.deadLetters.list()).deadLetters).toHaveLength(2);
  const { deadLetters } = await bus.deadLetters.list();
  expect(deadLetters.map(({ event, attempts }) => [event.id, attempts])).toEqual(
    expect.arrayContaining([
      [large.id, 1],
      [refused.id, 1],
    ]),
  );
  expect(events().map(({ body }) => body.data.n)).toEqual([1, 2]);
});

test("a revoked token ends it, and its receiver is told", async () => {
  const clock = new ManualClock(Date.now());
  const { bus, request, revoke } = await start({}, { clock });
  const { events, got, url } = await eventReceiver();
  const { id } = await request("events/subscribe", wanted(url));
  await revoke();
  await bus.publish(done(1));
  const isTold = async () => {
    await clock.advance(5_000);
    return got.some(({ body }) => body.type === "terminated");
  };
  await expect.poll(isTold).toBe(true);
  expect(got.at(-1)).toMatchObject({
    headers: { "x-mcp-subscription-id": id },
    body: { type: "terminated", error: { code: -32_024, data: { code: "forbidden" } } },
  });
  await expect.poll(async () => bus.subscriptions.list()).toEqual([]);
  expect(events()).toEqual([]);
});

test("a receiver that does not show that it wants the events is refused, with the reason", async () => {
  const clock = new ManualClock(Date.now());
  const { bus, request } = await start({}, { clock });
  const cases = [
    [{ status: 200, body: '{"challenge":"another"}' }, "challenge_failed"],
    [{ status: 200, body: "no JSON" }, "challenge_failed"],
    [{ status: 200, body: "x".repeat(100_000) }, "challenge_failed"],
    [{ status: 302, body: "" }, "challenge_failed"],
    [{ status: 404, body: "" }, "http_4xx"],
    [{ status: 500, body: "" }, "http_5xx"],
  ] as const;
  for (const [answer, reason] of cases) {
    const { url } = await eventReceiver(() => answer);
    const refused = await refusalOf(request("events/subscribe", wanted(url)));
    expect(refused).toEqual({ code: -32_027, data: { reason } });
  }
  const nobody = await refusalOf(request("events/subscribe", wanted("http://127.0.0.1:1/")));
  expect(nobody).toEqual({ code: -32_027, data: { reason: "connection_refused" } });
  expect(await bus.subscriptions.list()).toEqual([]);
});

test("subscriptions are bounded by caller", async () => {
  const { as, request } = await start();
  const { url } = await eventReceiver();
  for (let n = 0; n < 50; n += 1) {
    await request("events/subscribe", wanted(url, { arguments: { source: `agent-${n}` } }));
  }
  const refused = await refusalOf(request("events/subscribe", wanted(url)));
  expect(refused).toEqual({ code: -32_025, data: { limit: "subscriptions", max: 50 } });
  await request("events/subscribe", wanted(url, { arguments: { source: "agent-1" } }));
  await (await as({ roles: ["subscribe"] }))("events/subscribe", wanted(url));
});

test("wrong subscriptions are refused before anything is sent, each with its code", async () => {
  const { as, url: server, request } = await start();
  const { got, url } = await eventReceiver();
  const delivery = (more: object) => wanted(url, { delivery: { ...wanted(url).delivery, ...more } });
  const cases: [params: Record<string, unknown>, code: number][] = [
    [wanted(url, { name: "task.none" }), -32_023],
    [wanted(url, { name: "llm.text.delta" }), -32_023],
    [wanted(url, { arguments: { other: 1 } }), -32_602],
    [wanted(url, { arguments: { where: { data: 1 } } }), -32_602],
    [wanted(url, { delivery: undefined }), -32_602],
    [wanted(url, { ttlMs: "1h" }), -32_602],
    [wanted(url, { maxAgeMs: -1 }), -32_602],
    [delivery({ mode: "push" }), -32_026],
    [delivery({ mode: 1 }), -32_602],
    [delivery({ secret: "whsec_short" }), -32_602],
    [delivery({ secret: undefined }), -32_602],
    [delivery({ url: "no url" }), -32_602],
    [delivery({ url: "ftp://example.com/" }), -32_602],
    [delivery({ url: "https://user:word@example.com/" }), -32_602],
    [delivery({ url: "https://example.com/#part" }), -32_602],
  ];
  for (const [params, code] of cases) {
    const refused = await refusalOf(request("events/subscribe", params));
    expect([params, refused.code]).toEqual([params, code]);
  }
  const bound = await as({ roles: ["subscribe"], types: ["task.*"] });
  expect((await refusalOf(bound("events/subscribe", wanted(url)))).code).toBe(-32_024);
  const publisher = await as({ roles: ["publish"] });
  expect((await refusalOf(publisher("events/subscribe", wanted(url)))).code).toBe(-32_024);
  // Without a token there is no subscriber.
  const anybody = await requests(server, undefined);
  await expect(anybody("events/subscribe", wanted(url))).rejects.toThrow("Method not found");
  expect((await anybody("events/list")).events[0].delivery).toEqual(["poll", "push"]);
  expect((await request("events/list")).events[0].delivery).toEqual(["poll", "push", "webhook"]);
  expect(got).toEqual([]);
});

test("private addresses are refused unless they are allowed", async () => {
  const { request } = await start({ allowPrivateWebhooks: false });
  for (const url of ["http://127.0.0.1:4600/", "https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/"]) {
    expect((await refusalOf(request("events/subscribe", wanted(url)))).code).toBe(-32_602);
  }
});

test("it is the client's: an operator cannot change its webhook, but can delete the subscription", async () => {
  const { bus, http, request, send } = await start();
  const { url } = await eventReceiver();
  const { id } = await request("events/subscribe", wanted(url));
  const path = `/v1/subscriptions/${id}`;
  expect((await send("PUT", `${path}/webhook`, { url })).json).toMatchObject({ code: "conflict" });
  expect((await http("DELETE", `${path}/webhook`)).json).toMatchObject({ code: "conflict" });
  expect((await http("DELETE", path)).status).toBe(204);
  expect(await bus.subscriptions.list()).toEqual([]);
  // The client makes it anew when it refreshes it.
  expect(await request("events/subscribe", wanted(url))).toMatchObject({ id });
});
