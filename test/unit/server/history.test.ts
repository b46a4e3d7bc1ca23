import { expect, test } from "vitest";
import { serve } from "./serve.ts";

async function withEvents() {
  const served = await serve();
  const { bus } = served;
  const one = await bus.publish({
    type: "custom.one",
    source: "a",
    data: {},
    metadata: { tags: ["x", "y"], agentId: "7" },
  });
  const two = await bus.publish({
    type: "custom.two",
    source: "b",
    data: {},
    metadata: { tags: ["x"], correlationId: one.id, causationId: one.id },
  });
  return { ...served, one, two };
}

test("history is queried by the filters of the bus, page by page", async () => {
  const { get, one, two } = await withEvents();
  expect((await get("/v1/events")).json).toEqual({ events: [two, one] });
  expect((await get("/v1/events?type=custom.one&type=custom.none")).json.events).toEqual([one]);
  expect((await get("/v1/events?type=custom.*&source=b")).json.events).toEqual([two]);
  expect((await get("/v1/events?tag=x&tag=y")).json.events).toEqual([one]);
  expect((await get("/v1/events?agentId=7")).json.events).toEqual([one]);
  expect((await get(`/v1/events?ids=${one.id}&ids=${two.id}&order=oldest`)).json.events).toEqual([one, two]);
  expect((await get("/v1/events?until=2020-01-01T00:00:00Z")).json.events).toEqual([]);
  const first = (await get("/v1/events?limit=1")).json;
  expect(first.events).toEqual([two]);
  expect((await get(`/v1/events?limit=1&cursor=${first.cursor}`)).json.events).toEqual([one]);
});

test.each([
  ["/v1/events?typ=custom.one", "typ"],
  ["/v1/events?limit=1&limit=2", "limit"],
  ["/v1/events?limit=0", "limit"],
  ["/v1/events?limit=ten", "limit"],
  ["/v1/events?since=yesterday", "since"],
  ["/v1/events?cursor=made-up", "cursor"],
  ["/v1/events?__proto__=1", "__proto__"],
  ["/v1/stats?window=7s", "window"],
])("%s is refused, and says what is wrong", async (path, word) => {
  const { get } = await serve();
  const { status, json } = await get(path);
  expect(status).toBe(400);
  expect(json).toMatchObject({ code: "invalid_config", detail: expect.stringContaining(word) });
});

test("an event, a flow and counts are looked up", async () => {
  const { get, one, two } = await withEvents();
  expect((await get(`/v1/events/${one.id}`)).json).toEqual(one);
  expect((await get("/v1/events/none")).json).toMatchObject({ status: 404, code: "not_found" });
  expect((await get(`/v1/flows/${two.id}`)).json).toMatchObject({
    id: one.id,
    status: "completed",
    roots: [{ event: one, children: [{ event: two, children: [] }] }],
  });
  expect((await get("/v1/flows/none")).status).toBe(404);
  expect((await get("/v1/stats?type=custom.*")).json).toEqual({
    rows: [
      { type: "custom.one", count: 1 },
      { type: "custom.two", count: 1 },
    ],
  });
});

test("a wait answers with what comes, in each of its forms", async () => {
  const { send, bus, one, two } = await withEvents();
  const found = async (body: object) => (await send("POST", "/v1/wait", body)).json;
  const since = "2020-01-01T00:00:00Z";
  expect(await found({ for: "custom.one", since })).toEqual({ events: [one] });
  expect(await found({ for: { on: "custom.*", where: { source: ["b"] } }, since })).toEqual({ events: [two] });
  expect(await found({ for: { any: ["custom.two"] }, since })).toEqual({ events: [two] });
  expect(await found({ for: { all: ["custom.two", "custom.one"] }, since })).toEqual({ events: [two, one] });
  expect(await found({ for: { count: 2, of: ["custom.*"] }, since })).toEqual({ events: [one, two] });
  expect(await found({ for: "custom.*", since: { id: one.id } })).toEqual({ events: [two] });
  const waiting = found({ for: "custom.three", timeout: "30s", since: { id: two.id } });
  const three = await bus.publish({ type: "custom.three", data: {} });
  expect(await waiting).toEqual({ events: [three] });
});

test("a wait that is over, or asks for what cannot be, is refused", async () => {
  const { send } = await serve();
  const refused = async (body: object) => (await send("POST", "/v1/wait", body)).json;
  expect(await refused({ for: "custom.none", timeout: 0 })).toMatchObject({
    status: 504,
    code: "timeout",
    retryable: true,
    details: { found: 0, wanted: 1 },
  });
  expect(await refused({ for: "task.creatd" })).toMatchObject({ status: 422, code: "unknown_type" });
  expect(await refused({ for: { on: "custom.a", where: { data: 5 } } })).toMatchObject({
    status: 400,
    code: "invalid_pattern",
  });
  expect(await refused({ for: "custom.a", timeout: "1h" })).toMatchObject({ code: "invalid_config" });
  expect(await refused({ for: "custom.a", since: { id: "none" } })).toMatchObject({ status: 404 });
  expect(await refused({})).toMatchObject({ code: "invalid_config", path: "for" });
});

test("a server that closes answers who waits", async () => {
  const { send, server, get } = await serve();
  const waiting = send("POST", "/v1/wait", { for: "custom.none", timeout: "10m" });
  // The wait has begun once the server has answered what came after it.
  await get("/healthz");
  await server.close();
  expect(await waiting).toMatchObject({ status: 503, json: { retryable: expect.any(Boolean) } });
});

test("a delivery is explained, for tokens of all types", async () => {
  const { bus, get } = await serve();
  await bus.subscribe({ name: "readers", on: "custom.*", where: { data: { kind: ["document"] } } }, () => {});
  const { id } = await bus.publish({ type: "custom.one", data: { kind: "image" } });
  expect((await get(`/v1/explain?event=${id}&subscription=readers`)).json).toMatchObject({
    eventId: id,
    status: "not_matched",
    reason: "where",
    edits: [{ path: "data.kind", add: "image", text: 'add "image"' }],
  });
  expect(await get(`/v1/explain?event=${id}&subscription=none`)).toMatchObject({ status: 404 });
  expect(await get(`/v1/explain?event=${id}`)).toMatchObject({ status: 400 });
});
