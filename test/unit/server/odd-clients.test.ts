import { connect } from "node:net";
import { expect, test } from "vitest";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { serve } from "./serve.ts";

// What is legal and rare: each of these a client of some language sends.

const readers = "/v1/subscriptions/readers";

test("an optional field that is null is left out, and null in an event's data or in a pattern is a value", async () => {
  const { send, bus } = await serve();
  const put = { on: ["custom.*"], where: null, attempts: 3, backoff: { from: null, to: "1m" }, ordered: null };
  expect((await send("PUT", readers, put)).json).toEqual({ created: true, changed: [] });
  const draft = {
    type: "custom.a",
    id: null,
    source: null,
    time: null,
    data: { gone: null },
    metadata: { tags: null },
  };
  const { results } = (await send("POST", "/v1/events", [draft, { ...draft, metadata: null }])).json;
  expect(results).toMatchObject([
    { ok: true, event: { data: { gone: null } } },
    { ok: true, event: { source: "test" } },
  ]);
  const { deliveries } = (await send("POST", `${readers}/pull`, { max: null, waitMs: 60_000 })).json;
  const [receipt, other] = deliveries.map((one: { receipt: string }) => one.receipt);
  const settled = { ack: null, retry: [{ receipt, delayMs: null, error: null }], release: [other], extend: null };
  expect((await send("POST", `${readers}/settle`, settled)).json.results).toMatchObject([{ ok: true }, { ok: true }]);
  const unclear = await send("PUT", readers, { on: "custom.*", where: { data: { gone: null } } });
  expect(unclear.json).toMatchObject({ code: "invalid_pattern" });
  expect((await send("PUT", readers, { on: null })).json).toMatchObject({ code: "invalid_config", path: "on" });
  expect((await bus.subscriptions.get("readers"))?.record).toMatchObject({ attempts: 3, backoff: { to: 60_000 } });
});

test("a pull without a body takes the defaults; a settle of nothing has no results", async () => {
  const { send, request, post } = await serve();
  await send("PUT", readers, { on: "custom.*" });
  expect((await request("POST", `${readers}/pull`)).json).toEqual({ deliveries: [] });
  expect((await post(`${readers}/pull`, "application/json", "")).json).toEqual({ deliveries: [] });
  expect((await post(`${readers}/pull`, "text/plain", "")).status).toBe(415);
  expect((await post(`${readers}/pull`, "", "{}")).status).toBe(415);
  expect((await request("POST", "/v1/events")).status).toBe(415);
  for (const nothing of [{ ack: [] }, { ack: null, retry: [] }])
    expect((await send("POST", `${readers}/settle`, nothing)).json).toEqual({ results: [] });
});

test("a receipt that is none fails by itself, whatever its length", async () => {
  const { send, bus } = await serve();
  await send("PUT", readers, { on: "custom.*" });
  await bus.publish({ type: "custom.a", data: {} });
  const { deliveries } = (await send("POST", `${readers}/pull`, { waitMs: 60_000 })).json;
  const { receipt } = deliveries[0];
  const ack = ["", "a".repeat(1_000), receipt, receipt];
  const failed = { ok: false, error: { code: "not_found" } };
  expect((await send("POST", `${readers}/settle`, { ack })).json.results).toMatchObject([
    failed,
    failed,
    { receipt, ok: true },
    { receipt, ok: true },
  ]);
});

test("encoded names and an empty cursor change nothing", async () => {
  const { send, get, bus } = await serve();
  expect((await send("PUT", "/v1/subscriptions/%72eaders", { on: "custom.*" })).json).toMatchObject({ created: true });
  const id = "orders/42 100%?#";
  await bus.publish({ type: "custom.a", id, data: {} });
  expect((await get(`/v1/events/${encodeURIComponent(id)}`)).json).toMatchObject({ id });
  expect((await get("/v1/events?limit=1&cursor=")).json.events).toMatchObject([{ id }]);
});

test("who waits for deliveries of a subscription learns at once that it is deleted, or gets those of its successor", async () => {
  // Its time stands still: no wait ends by itself.
  const { send, bus } = await serve({}, { clock: new ManualClock() });
  await send("PUT", readers, { on: "custom.*" });
  await bus.publish({ type: "custom.a", data: {} });
  const { deliveries } = (await send("POST", `${readers}/pull`, { waitMs: 60_000 })).json;
  const waiting = send("POST", `${readers}/pull`, { waitMs: 60_000 });
  await send("GET", "/healthz", undefined);
  expect((await send("DELETE", readers, undefined)).status).toBe(204);
  expect((await waiting).json).toMatchObject({ status: 404, code: "not_found" });
  await send("PUT", readers, { on: "custom.*" });
  const next = send("POST", `${readers}/pull`, { waitMs: 60_000 });
  const event = await bus.publish({ type: "custom.b", data: {} });
  expect((await next).json.deliveries).toMatchObject([{ event }]);
  expect((await send("POST", `${readers}/settle`, { ack: [deliveries[0].receipt] })).status).toBe(200);
});

test.each([
  ["HTTP/1.0 without a host", "GET /healthz HTTP/1.0\r\n\r\n"],
  ["HTTP/1.0 with its name", "GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n"],
  ["two requests at once", "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n"],
])("%s is answered", async (_, bytes) => {
  const { server } = await serve();
  const answer = await new Promise<string>((resolve, reject) => {
    let text = "";
    const socket = connect(server.port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
  expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(bytes.split("GET ").length - 1);
});

test("a client that waits for a 100 before it sends its body gets one", async () => {
  const { server, bus } = await serve();
  const body = '{"type":"custom.a","id":"one","data":{}}';
  const head = `POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json; charset=UTF-8\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`;
  const answer = await new Promise<string>((resolve, reject) => {
    let text = "";
    const socket = connect(server.port, "127.0.0.1", () => socket.write(head));
    socket.on("data", (chunk) => {
      text += String(chunk);
      if (text === "HTTP/1.1 100 Continue\r\n\r\n") socket.write(body);
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
  expect(answer).toContain("HTTP/1.1 200");
  expect(await bus.history.get("one")).toBeDefined();
});

test("lines of NDJSON may end as on Windows, and the last one not at all", async () => {
  const { post } = await serve();
  const lines = '{"type":"custom.a","data":{}}\r\n\r\n{"type":"custom.b","data":{}}';
  const { results } = (await post("/v1/events", "application/x-ndjson; charset=utf-8", lines)).json;
  expect(results).toMatchObject([{ ok: true }, { ok: true }]);
});
