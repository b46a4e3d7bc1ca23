import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openBusOnEngine } from "../../../lib/connect/index.ts";
import type { Grant } from "../../../lib/server/access/grant.ts";
import { TokenFile } from "../../../lib/server/access/token-file.ts";
import { createToken } from "../../../lib/server/access/tokens.ts";
import { type RunningServer, startServer } from "../../../lib/server/index.ts";
import type { AnyEvents, ServedBus } from "../../../lib/server/served-bus.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { agUi } from "./hostile/ag-ui.ts";
import { mcp } from "./hostile/mcp.ts";
import { putEvents } from "./hostile/put-events.ts";
import type { Holder, Hostile } from "./hostile/request.ts";
import { webhooks } from "./hostile/webhooks.ts";
import { sendRaw } from "./raw-request.ts";

const json = { "content-type": "application/json" };
const cloudEvent = { "content-type": "application/cloudevents+json" };

const grants: Readonly<Record<Exclude<Holder, "nobody">, Grant>> = {
  publisher: { roles: ["publish"], source: "agent-7", types: ["task.*", "custom.a.*"] },
  subscriber: { roles: ["subscribe"], types: ["custom.*"] },
  expired: { roles: ["operate"] },
};

const draft = { type: "custom.a.b", source: "agent-7", data: {} };
const refused = (status: number, code: string) => ({ status, code });
const unauthenticated = refused(401, "unauthenticated");
const forbidden = refused(403, "forbidden");
const misdirected = refused(421, "misdirected");
const notAllowed = refused(405, "method_not_allowed");
const invalidEvent = refused(422, "invalid_event");
const invalidConfig = refused(400, "invalid_config");
const notFound = refused(404, "not_found");
const unsupported = refused(415, "unsupported_media_type");
const tooLarge = refused(413, "request_too_large");
const malformed = refused(400, "invalid_config");

const tokens: Hostile[] = [
  { name: "no token, reads", as: "nobody", path: "/v1/events", ...unauthenticated },
  { name: "no token, publishes", as: "nobody", path: "/v1/events", body: draft, ...unauthenticated },
  {
    name: "no token, redrives",
    as: "nobody",
    path: "/v1/dead-letters/redrive",
    body: { where: {} },
    ...unauthenticated,
  },
  ...Object.entries({
    "an empty token": "Bearer ",
    "another scheme": "Basic d2FnZ2xlOndhZ2dsZQ==",
    "no scheme": "wgl_000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "a token that is none": "Bearer admin",
    "an unknown token": "Bearer wgl_000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "a token of two": "Bearer a, Bearer b",
    "a token of a megabyte less one": `Bearer ${"a".repeat(9_000)}`,
  }).map(
    ([name, authorization]): Hostile => ({
      name,
      as: "nobody",
      path: "/v1/events",
      headers: { authorization },
      ...unauthenticated,
    }),
  ),
  { name: "a token in the query", as: "nobody", path: "/v1/events?token=wgl_000000000000_AAAA", ...unauthenticated },
  { name: "an expired token", as: "expired", path: "/v1/events", ...unauthenticated },
];

const roles: Hostile[] = [
  ...["/v1/events", "/v1/events/a", "/v1/flows/a", "/v1/stats", "/v1/dead-letters", "/v1/dead-letters/a"].map(
    (path): Hostile => ({ name: `a publisher reads ${path}`, as: "publisher", path, ...forbidden }),
  ),
  { name: "a publisher waits", as: "publisher", path: "/v1/wait", body: { for: "custom.a.b" }, ...forbidden },
  {
    name: "a publisher redrives",
    as: "publisher",
    path: "/v1/dead-letters/redrive",
    body: { where: {} },
    ...forbidden,
  },
  { name: "a publisher replays", as: "publisher", path: "/v1/replays", body: { select: {}, to: "*" }, ...forbidden },
  {
    name: "a publisher of another source",
    as: "publisher",
    path: "/v1/events",
    body: { ...draft, source: "agent-8" },
    ...forbidden,
  },
  {
    name: "a publisher of another type",
    as: "publisher",
    path: "/v1/events",
    body: { ...draft, type: "custom.b" },
    ...forbidden,
  },
  {
    name: "a publisher of a type that only begins alike",
    as: "publisher",
    path: "/v1/events",
    body: { ...draft, type: "taskx.a" },
    ...forbidden,
  },
  {
    name: "a publisher of another source, as a CloudEvent",
    as: "publisher",
    path: "/v1/events",
    headers: cloudEvent,
    body: { specversion: "1.0", id: "a", source: "agent-8", type: "custom.a.b", data: {} },
    ...forbidden,
  },
  { name: "a subscriber publishes", as: "subscriber", path: "/v1/events", body: draft, ...forbidden },
  {
    name: "a subscriber publishes NDJSON",
    as: "subscriber",
    path: "/v1/events",
    headers: { "content-type": "application/x-ndjson" },
    body: "{}",
    ...forbidden,
  },
  { name: "a subscriber lists dead letters", as: "subscriber", path: "/v1/dead-letters", ...forbidden },
  {
    name: "a subscriber discards",
    as: "subscriber",
    path: "/v1/dead-letters/discard",
    body: { where: {} },
    ...forbidden,
  },
  { name: "a subscriber replays", as: "subscriber", path: "/v1/replays", body: { select: {}, to: "*" }, ...forbidden },
  { name: "a subscriber of some types reads all", as: "subscriber", path: "/v1/events", ...forbidden },
  {
    name: "a subscriber of some types reads others",
    as: "subscriber",
    path: "/v1/events?type=custom.a&type=task.*",
    ...forbidden,
  },
  {
    name: "a subscriber of some types reads a wider wildcard",
    as: "subscriber",
    path: "/v1/events?type=c*",
    ...forbidden,
  },
  { name: "a subscriber of some types counts all", as: "subscriber", path: "/v1/stats", ...forbidden },
  { name: "a subscriber of some types reads a flow", as: "subscriber", path: "/v1/flows/foreign", ...forbidden },
  {
    name: "a subscriber of some types reads an event of others",
    as: "subscriber",
    path: "/v1/events/foreign",
    ...notFound,
  },
  {
    name: "a subscriber of some types waits for all",
    as: "subscriber",
    path: "/v1/wait",
    body: { for: "*" },
    ...forbidden,
  },
  {
    name: "a subscriber of some types waits for others",
    as: "subscriber",
    path: "/v1/wait",
    body: { for: { any: ["custom.a", { on: ["task.*"] }] } },
    ...forbidden,
  },
];

const hosts: Hostile[] = [
  ...["evil.example", "evil.example:4600", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example."].map(
    (host): Hostile => ({
      name: `host ${host}`,
      raw: `GET /v1/events HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
      ...misdirected,
    }),
  ),
  ...["", "localhost/evil", "[::1", "a b", "user@localhost", "localhost:99999999"].map(
    (host): Hostile => ({
      name: `host ${host}, which is none`,
      raw: `GET /v1/events HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
      ...malformed,
    }),
  ),
  { name: "no host", raw: "GET /v1/events HTTP/1.1\r\n\r\n", status: 400, code: "" },
  {
    name: "another host in the request line",
    raw: "GET http://evil.example/v1/events HTTP/1.1\r\nhost: evil.example\r\n\r\n",
    ...misdirected,
  },
];

const origins: Hostile[] = [
  ...[
    "https://evil.example",
    "null",
    "http://localhost.evil.example",
    "http://127.0.0.1:1",
    "https://127.0.0.1",
    "http://localhost:3000",
    "file://",
    "chrome-extension://abc",
  ].map(
    (origin): Hostile => ({ name: `a page of ${origin} reads`, path: "/v1/events", headers: { origin }, ...forbidden }),
  ),
  {
    name: "a page of another origin publishes",
    path: "/v1/events",
    headers: { origin: "https://evil.example", ...json },
    body: draft,
    ...forbidden,
  },
  {
    name: "a page of another origin asks first",
    method: "OPTIONS",
    path: "/v1/events",
    headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    ...forbidden,
  },
  {
    name: "a page of another site, without its origin",
    path: "/v1/events",
    headers: { "sec-fetch-site": "cross-site" },
    ...forbidden,
  },
  {
    name: "a page of the same site, without its origin",
    path: "/v1/events",
    headers: { "sec-fetch-site": "same-site" },
    ...forbidden,
  },
];

const methods: Hostile[] = [
  ...[
    ["PUT", "/v1/events"],
    ["DELETE", "/v1/events"],
    ["PATCH", "/v1/events/a"],
    ["DELETE", "/v1/events/a"],
    ["POST", "/v1/stats"],
    ["GET", "/v1/wait"],
    ["GET", "/v1/replays"],
    ["DELETE", "/v1/dead-letters"],
    ["POST", "/healthz"],
    ["POST", "/openapi.json"],
    ["GET", "/"],
    ["PUT", "/"],
  ].map(([method = "", path = ""]): Hostile => ({ name: `${method} ${path}`, method, path, ...notAllowed })),
  { name: "TRACE", raw: "TRACE /v1/events HTTP/1.1\r\nhost: HOST\r\n\r\n", ...notAllowed },
];

const paths: Hostile[] = [
  ...[
    "/v1",
    "/v2/events",
    "/admin",
    "/.env",
    "/v1/events/a/b",
    "/V1/events",
    "/v1//events",
    "/v1/events/",
    "/v1/subscriptions/../../etc/passwd",
  ].map((path): Hostile => ({ name: path, raw: `GET ${path} HTTP/1.1\r\nhost: HOST\r\n\r\n`, ...notFound })),
  ...[
    "/v1/events/..%2f..%2fetc%2fpasswd",
    "/v1/events/%00",
    "/v1/events/%E0%A4%A",
    "/v1/events/%ff",
    "/v1/events/__proto__",
  ].map(
    (path): Hostile => ({ name: path.slice(0, 60), raw: `GET ${path} HTTP/1.1\r\nhost: HOST\r\n\r\n`, ...notFound }),
  ),
];

const messages: Hostile[] = [
  { name: "what is no HTTP", raw: "hello\r\n\r\n", ...malformed },
  { name: "TLS", raw: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ...malformed },
  { name: "HTTP/2", raw: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ...malformed },
  { name: "a method in lower case", raw: "get /healthz HTTP/1.1\r\nhost: HOST\r\n\r\n", ...malformed },
  { name: "NUL in a header", raw: "GET /healthz HTTP/1.1\r\nhost: HOST\r\nx-a: a\0b\r\n\r\n", ...malformed },
  {
    name: "a line break in a header's name",
    raw: "GET /healthz HTTP/1.1\r\nhost: HOST\r\nx-a\r\n: b\r\n\r\n",
    ...malformed,
  },
  {
    name: "a space before a colon",
    raw: "GET /healthz HTTP/1.1\r\nhost: HOST\r\ncontent-length : 1\r\n\r\n",
    ...malformed,
  },
  { name: "a bare line feed", raw: "GET /healthz HTTP/1.1\nhost: HOST\nx: \rx\n\n", ...malformed },
  {
    name: "a negative length",
    raw: "POST /v1/events HTTP/1.1\r\nhost: HOST\r\ncontent-length: -1\r\n\r\n",
    ...malformed,
  },
  {
    name: "two lengths",
    raw: "POST /v1/events HTTP/1.1\r\nhost: HOST\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    ...malformed,
  },
  {
    name: "a length and chunks",
    raw: "POST /v1/events HTTP/1.1\r\nhost: HOST\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ...malformed,
  },
  {
    name: "chunks that are none",
    raw: "POST /v1/events HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ...malformed,
  },
  {
    name: "headers of 20,000 bytes",
    raw: `GET /healthz HTTP/1.1\r\nhost: HOST\r\nx-a: ${"a".repeat(20_000)}\r\n\r\n`,
    status: 431,
    code: "request_too_large",
  },
  {
    name: "a path of 20,000 bytes",
    raw: `GET /${"a".repeat(20_000)} HTTP/1.1\r\nhost: HOST\r\n\r\n`,
    status: 431,
    code: "request_too_large",
  },
  {
    name: "headers that never end",
    raw: "GET /healthz HTTP/1.1\r\nhost: HOST\r\nx-a: a",
    neverEnds: true,
    status: 408,
    code: "timeout",
  },
  {
    name: "a body that never ends",
    raw: 'POST /v1/events HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"type"',
    neverEnds: true,
    status: 408,
    code: "timeout",
  },
];

const bodies: Hostile[] = [
  {
    name: "a body that says it is too large",
    path: "/v1/events",
    headers: json,
    body: "a".repeat(70_000),
    ...tooLarge,
  },
  {
    name: "chunks that are too large",
    raw: `POST /v1/events HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${`4000\r\n${"a".repeat(0x4000)}\r\n`.repeat(5)}`,
    ...tooLarge,
  },
  ...[
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=a",
    "application/xml",
    "application/octet-stream",
  ].map(
    (type): Hostile => ({
      name: `content-type ${type || "none"}`,
      raw: `POST /v1/events HTTP/1.1\r\nhost: HOST\r\n${type === "" ? "" : `content-type: ${type}\r\n`}content-length: 2\r\n\r\n{}`,
      ...unsupported,
    }),
  ),
  {
    name: "a wait as a form",
    path: "/v1/wait",
    headers: { "content-type": "text/plain" },
    body: '{"for":"custom.a"}',
    ...unsupported,
  },
  { name: "gzip", path: "/v1/events", headers: { ...json, "content-encoding": "gzip" }, body: "{}", ...unsupported },
  {
    name: "UTF-16",
    path: "/v1/events",
    headers: { "content-type": "application/json; charset=utf-16" },
    body: "{}",
    ...unsupported,
  },
  ...Object.entries({
    "no body": "",
    "JSON that is cut off": '{"type":"custom.a","data":{"a":',
    NaN: '{"type":"custom.a","data":{"a":NaN}}',
    Infinity: '{"type":"custom.a","data":{"a":Infinity}}',
    "a comment": '{"type":"custom.a","data":{}/**/}',
    "a comma too many": '{"type":"custom.a","data":{},}',
    "a number over 2^53": '{"type":"custom.a","data":{"a":9007199254740993}}',
    "an endless number": '{"type":"custom.a","data":{"a":1e999}}',
    "half a surrogate pair": '{"type":"custom.a","data":{"a":"\\ud800"}}',
    "a key __proto__": '{"type":"custom.a","data":{"__proto__":{"admin":true}}}',
    "10,000 levels": `{"type":"custom.a","data":{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}}`,
    "10,000 levels that do not end": "[".repeat(10_000),
    null: "null",
    "a text": '"custom.a"',
    "no data": '{"type":"custom.a"}',
    "data that is null": '{"type":"custom.a","data":null}',
    "data that is a list": '{"type":"custom.a","data":[]}',
    "no type": '{"data":{}}',
    "a type that is a number": '{"type":5,"data":{}}',
    "a type of 200 characters": JSON.stringify({ type: `custom.${"a".repeat(200)}`, data: {} }),
    "a source of AWS": '{"type":"custom.a","source":"aws.events","data":{}}',
    "a source with a line break": '{"type":"custom.a","source":"a\\nb","data":{}}',
    "an empty id": '{"type":"custom.a","id":"","data":{}}',
    "an id of 129 characters": JSON.stringify({ type: "custom.a", id: "a".repeat(129), data: {} }),
    "an id with a line break": '{"type":"custom.a","id":"a\\r\\nset-cookie: a","data":{}}',
    "a time that is none": '{"type":"custom.a","time":"now","data":{}}',
    "a mark of a replay": '{"type":"custom.a","data":{},"metadata":{"replay":{"id":"a"}}}',
    "unknown metadata": '{"type":"custom.a","data":{},"metadata":{"admin":true}}',
    "metadata that is a list": '{"type":"custom.a","data":{},"metadata":[]}',
    "a priority of 11": '{"type":"custom.a","data":{},"metadata":{"priority":11}}',
    "tags that are a text": '{"type":"custom.a","data":{},"metadata":{"tags":"a"}}',
    "a trace that is none": '{"type":"custom.a","data":{},"metadata":{"traceparent":"a"}}',
    "an unknown field": '{"type":"custom.a","data":{},"admin":true}',
  }).map(([name, body]): Hostile => ({ name, path: "/v1/events", headers: json, body, ...invalidEvent })),
  {
    name: "bytes that are no UTF-8",
    raw: "POST /v1/events HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\n\xff\xfe\xfd",
    ...invalidEvent,
  },
  {
    name: "a type that is not known",
    path: "/v1/events",
    body: { type: "admin.created", data: {} },
    status: 422,
    code: "unknown_type",
  },
  {
    name: "the id of another event",
    path: "/v1/events",
    body: { type: "custom.a", id: "foreign", data: {} },
    status: 409,
    code: "conflict",
  },
];

const cloudEvents: Hostile[] = [
  ...Object.entries({
    "another version": { specversion: "0.3" },
    "no type": { type: undefined },
    "an id that is a number": { id: 5 },
    "an empty source": { source: "" },
    "an attribute that is a list": { comexample: [] },
    "an attribute with a hyphen": { "com-example": "a" },
    "a priority that is none": { priority: "high" },
  }).map(
    ([name, field]): Hostile => ({
      name: `a CloudEvent: ${name}`,
      path: "/v1/events",
      headers: cloudEvent,
      body: { specversion: "1.0", id: "a", source: "b", type: "custom.a", data: {}, ...field },
      ...invalidEvent,
    }),
  ),
  {
    name: "a batch that is none",
    path: "/v1/events",
    headers: { "content-type": "application/cloudevents-batch+json" },
    body: {},
    ...invalidEvent,
  },
  {
    name: "a binary CloudEvent without id",
    path: "/v1/events",
    headers: { ...json, "ce-specversion": "1.0", "ce-type": "custom.a", "ce-source": "b" },
    body: {},
    ...invalidEvent,
  },
  {
    name: "a binary CloudEvent with a broken encoding",
    path: "/v1/events",
    headers: { ...json, "ce-specversion": "1.0", "ce-id": "%zz", "ce-type": "custom.a", "ce-source": "b" },
    body: {},
    ...invalidEvent,
  },
  {
    name: "a binary CloudEvent that is a picture",
    path: "/v1/events",
    headers: {
      "content-type": "image/png",
      "ce-specversion": "1.0",
      "ce-id": "a",
      "ce-type": "custom.a",
      "ce-source": "b",
    },
    body: "PNG",
    ...invalidEvent,
  },
];

const calls: Hostile[] = [
  ...[
    "limit=0",
    "limit=1001",
    "limit=-1",
    "limit=1e3",
    "cursor=%00",
    "since=now",
    "type=",
    "order=random",
    "admin=true",
    "limit=1&limit=2",
    "constructor=1",
  ].map((query): Hostile => ({ name: `history by ${query}`, path: `/v1/events?${query}`, ...invalidConfig })),
  ...Object.entries<[unknown, string?]>({
    nothing: [{}],
    "an empty list": [{ for: { any: [] } }],
    "no events": [{ for: { count: 0, of: ["custom.a"] } }],
    "half an event": [{ for: { count: 0.5, of: ["custom.a"] } }],
    "two forms at once": [{ for: { any: ["custom.a"], all: ["custom.a"] } }],
    "an hour": [{ for: "custom.a", timeout: "1h" }],
    "a negative time": [{ for: "custom.a", timeout: -1 }],
    "a wrong pattern": [{ for: { on: "custom.a", where: { data: { a: [{ regex: "(a+)+$" }] } } } }, "invalid_pattern"],
  }).map(
    ([name, [body, code = "invalid_config"]]): Hostile => ({
      name: `a wait for ${name}`,
      path: "/v1/wait",
      body,
      status: 400,
      code,
    }),
  ),
  { name: "a wait with an unknown field", path: "/v1/wait", body: { for: "custom.a", admin: true }, ...invalidConfig },
  { name: "an event with an id of 2,000 characters", path: `/v1/events/${"a".repeat(2_000)}`, ...invalidConfig },
  { name: "a redrive of nothing", path: "/v1/dead-letters/redrive", body: {}, ...invalidConfig },
  {
    name: "a discard of a misspelt filter",
    path: "/v1/dead-letters/discard",
    body: { where: { subscriptoin: "a" } },
    ...invalidConfig,
  },
  { name: "a replay of nothing", path: "/v1/replays", body: { to: "*" }, ...invalidConfig },
  { name: "a replay to nobody", path: "/v1/replays", body: { select: {}, to: "none" }, ...notFound },
];

let served: ServedBus;
let open: RunningServer;
let guarded: RunningServer;
/** Gives up a request soon; the others wait for as long as a busy machine takes. */
let impatient: RunningServer;
const authorization = new Map<Holder, string>();

beforeAll(async () => {
  const { path, remove } = await temporaryDirectory();
  const file = new TokenFile(join(path, "tokens.json"));
  for (const [holder, grant] of Object.entries(grants)) {
    const made = holder === "expired" ? Date.now() - 2_000 : Date.now();
    const { text, stored } = createToken(grant, {
      now: made,
      expiresAt: made + (holder === "expired" ? 1_000 : 3_600_000),
    });
    await file.add(stored, 0);
    authorization.set(holder as Holder, `Bearer ${text}`);
  }
  served = await openBusOnEngine<AnyEvents>({ engine: "memory", source: "test", logLevel: "silent" });
  await served.bus.publish({ type: "task.created", id: "foreign", data: { taskId: "a" } });
  const limits = { port: 0, bodyLimit: 65_536 };
  open = await startServer(served, limits);
  impatient = await startServer(served, { ...limits, headersTimeoutMs: 200, requestTimeoutMs: 400 });
  guarded = await startServer(served, { ...limits, needsToken: true, tokenFile: file.path });
  return async () => {
    await Promise.all([open, guarded, impatient].map((server) => server.close()));
    await served.bus.close();
    await remove();
  };
});

async function refusalOf({
  as,
  body,
  headers,
  method,
  neverEnds = false,
  path = "/",
  raw,
}: Hostile): Promise<{ status: number; code: unknown }> {
  const { port } = as !== undefined ? guarded : neverEnds ? impatient : open;
  if (raw !== undefined) {
    const answer = await sendRaw(port, Buffer.from(raw.replaceAll("HOST", `127.0.0.1:${port}`), "latin1"));
    return { status: answer?.status ?? 0, code: answer?.json?.code ?? "" };
  }
  const token = as === undefined ? undefined : authorization.get(as);
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      ...(body === undefined ? {} : json),
      ...(token === undefined ? {} : { authorization: token }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  if (headers?.["x-amz-target"] !== undefined) {
    expect(response.headers.get("content-type")).toBe("application/x-amz-json-1.1");
    const { __type: code, message } = Object(await response.json());
    expect(message).toEqual(expect.any(String));
    return { status: response.status, code };
  }
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = Object(await response.json());
  expect(problem).toMatchObject({
    status: response.status,
    detail: expect.any(String),
    retryable: expect.any(Boolean),
  });
  return { status: response.status, code: problem.code };
}

const all = {
  agUi,
  mcp,
  tokens,
  roles,
  hosts,
  origins,
  methods,
  paths,
  messages,
  bodies,
  cloudEvents,
  calls,
  putEvents,
  webhooks,
};

describe.each(Object.entries(all))("refused: %s", (_, requests) => {
  test.each(requests)("$name", async (request) => {
    const { status, code } = request;
    expect(await refusalOf(request)).toEqual({ status, code });
  });
});

test("there are more than two hundred of them, and none has left anything", async () => {
  expect(Object.values(all).flat().length).toBeGreaterThan(230);
  const { events } = await served.bus.history.query();
  expect(events.map(({ id }) => id)).toEqual(["foreign"]);
});

test("the same senders may do what they are allowed", async () => {
  const call = async (holder: Holder, path: string, body?: unknown) => {
    const response = await fetch(`http://127.0.0.1:${guarded.port}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: authorization.get(holder) ?? "", ...json },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: Object(await response.json()) };
  };
  const published = await call("publisher", "/v1/events", [
    { type: "custom.a.b", data: {} },
    { ...draft, source: "agent-8" },
  ]);
  expect(published.body.results).toMatchObject([
    { ok: true, event: { source: "agent-7" } },
    { ok: false, error: { code: "forbidden" } },
  ]);
  expect((await call("subscriber", "/v1/events?type=custom.*")).body.events).toMatchObject([{ type: "custom.a.b" }]);
  expect((await call("subscriber", "/v1/wait", { for: "custom.*", since: "2020-01-01T00:00:00Z" })).status).toBe(200);
  expect((await call("nobody", "/healthz")).status).toBe(200);
});

test("a listed origin is allowed, and told so; by its listed name the server answers", async () => {
  const server = await startServer(served, { port: 0, hosts: ["bus.internal"], origins: ["https://app.example"] });
  onTestFinished(() => server.close());
  const ask = (headers: string, method = "GET") =>
    sendRaw(server.port, `${method} /v1/stats HTTP/1.1\r\nhost: bus.internal:${server.port}\r\n${headers}\r\n`);
  expect((await ask(""))?.status).toBe(200);
  const answer = await ask("origin: https://app.example\r\n");
  expect(answer?.status).toBe(200);
  expect(answer?.headers).toContain("access-control-allow-origin: https://app.example");
  const preflight = await ask(
    "origin: https://app.example\r\naccess-control-request-headers: authorization\r\nconnection: close\r\n",
    "OPTIONS",
  );
  expect(preflight?.status).toBe(204);
  expect(preflight?.headers).toContain("access-control-allow-headers: authorization");
  expect((await ask("origin: https://other.example\r\n"))?.status).toBe(403);
});

test("anything but loopback needs a token, whatever is asked for", async () => {
  const server = await startServer(served, { port: 0, host: "0.0.0.0", needsToken: false });
  onTestFinished(() => server.close());
  expect((await fetch(`http://127.0.0.1:${server.port}/v1/stats`)).status).toBe(401);
});
