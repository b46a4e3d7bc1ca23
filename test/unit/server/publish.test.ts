import { expect, test } from "vitest";
import { serve } from "./serve.ts";

test("one draft is published, and comes back as it is stored", async () => {
  const { send, bus } = await serve();
  const { status, json } = await send("POST", "/v1/events", {
    type: "task.created",
    source: "curl",
    data: { taskId: "a" },
    metadata: { correlationId: "flow", priority: 2, tags: ["x"] },
  });
  expect(status).toBe(200);
  const [{ ok, event }] = json.results;
  expect(ok).toBe(true);
  expect(event).toEqual(await bus.history.get(event.id));
  expect(event).toMatchObject({ source: "curl", metadata: { correlationId: "flow", priority: 2, tags: ["x"] } });
});

test("a draft that is refused fails the request with the code, the path and the status of its error", async () => {
  const { send, bus } = await serve();
  const answer = await send("POST", "/v1/events", { type: "task.created", data: { taskId: 5 } });
  expect(answer.status).toBe(422);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.json).toMatchObject({
    type: "urn:waggle:error:invalid_event",
    status: 422,
    code: "invalid_event",
    retryable: false,
    path: "data.taskId",
    detail: expect.stringContaining("data.taskId must be a string, not 5"),
  });
  expect((await send("POST", "/v1/events", { type: "task.creatd", data: {} })).json).toMatchObject({
    code: "unknown_type",
    details: { nearest: "task.created" },
  });
  expect((await bus.history.query()).events).toEqual([]);
});

test("of a list each has its result in order, and a bad one harms no other", async () => {
  const { send, bus } = await serve();
  const { status, json } = await send("POST", "/v1/events", [
    { type: "custom.first", data: { n: 1 } },
    { type: "nope", data: {} },
    7,
    { type: "custom.last", data: { n: 2 } },
  ]);
  expect(status).toBe(200);
  expect(json.results).toMatchObject([
    { ok: true, event: { type: "custom.first" } },
    { ok: false, error: { code: "unknown_type" } },
    { ok: false, error: { code: "invalid_event" } },
    { ok: true, event: { type: "custom.last" } },
  ]);
  expect((await bus.history.query()).events.map(({ type }) => type)).toEqual(["custom.last", "custom.first"]);
});

test("NDJSON: a line that is no JSON fails by its number, and empty ones are passed over", async () => {
  const { post } = await serve();
  const lines = ['{"type":"custom.a","data":{}}', "", "{oops", '{"type":"custom.b","data":{}}', ""];
  const { json } = await post("/v1/events", "application/x-ndjson", lines.join("\n"));
  expect(json.results).toMatchObject([
    { ok: true },
    { ok: false, error: { code: "invalid_event", message: expect.stringContaining("line 3 is not JSON") } },
    { ok: true },
  ]);
});

test("the same id again is the stored event; with other content it is a conflict", async () => {
  const { send } = await serve();
  const draft = { id: "once", type: "custom.a", data: { n: 1 } };
  const first = await send("POST", "/v1/events", draft);
  expect((await send("POST", "/v1/events", draft)).json).toEqual(first.json);
  expect(await send("POST", "/v1/events", { ...draft, data: { n: 2 } })).toMatchObject({
    status: 409,
    json: { code: "conflict", details: { id: "once" } },
  });
});

test("the flow, the cause and the trace of a draft are kept", async () => {
  const { send } = await serve();
  const metadata = {
    correlationId: "flow",
    causationId: "cause",
    agentId: "agent-7",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    tracestate: "a=b",
  };
  const { json } = await send("POST", "/v1/events", { type: "custom.a", data: {}, metadata });
  expect(json.results[0].event.metadata).toMatchObject(metadata);
});

const changed = '{"type":"custom.a","data":{"amount":9007199254740993}}';
const kept = '{"type":"custom.b","data":{"amount":"9007199254740993"}}';

test("what JSON would change in silence is refused by the name of the field, and harms no other of its list", async () => {
  const { post, bus } = await serve();
  const problem = "amount is 9007199254740993, which would become 9007199254740992";
  const failed = (path: string) => ({
    code: "invalid_event",
    message: expect.stringContaining(problem),
    details: { path },
  });
  const one = await post("/v1/events", "application/json", changed);
  expect(one).toMatchObject({ status: 422, json: { code: "invalid_event", detail: expect.stringContaining(problem) } });
  const list = await post("/v1/events", "application/json", `[${kept},${changed},${kept}]`);
  const ok = { ok: true, event: { data: { amount: "9007199254740993" } } };
  expect(list.json.results).toMatchObject([ok, { ok: false, error: failed("[1].data.amount") }, ok]);
  const lines = await post("/v1/events", "application/x-ndjson", `${changed}\n${kept}`);
  expect(lines.json.results).toMatchObject([{ ok: false, error: failed("data.amount") }, ok]);
  const twice = await post("/v1/events", "application/json", '{"type":"custom.a","data":{"a":1,"a":2}}');
  expect(twice.json).toMatchObject({ code: "invalid_event", detail: expect.stringContaining('the key "a" twice') });
  expect((await bus.history.query()).events.map(({ type }) => type)).toEqual(["custom.b", "custom.b", "custom.b"]);
});

test("a CloudEvent that JSON would change is refused too, in each mode", async () => {
  const { post, bus } = await serve();
  const event = '{"specversion":"1.0","type":"custom.a","source":"s","id":"1","data":{"amount":0.1234567890123456789}}';
  const structured = await post("/v1/events", "application/cloudevents+json", event);
  expect(structured.json).toMatchObject({
    code: "invalid_event",
    detail: expect.stringContaining("data.amount is 0.12"),
  });
  const batch = await post("/v1/events", "application/cloudevents-batch+json", `[${event}]`);
  expect(batch.json.results).toMatchObject([{ ok: false, error: { code: "invalid_event" } }]);
  const headers = { "ce-specversion": "1.0", "ce-type": "custom.a", "ce-source": "s", "ce-id": "1" };
  const binary = await post("/v1/events", "application/json", '{"amount":9007199254740993}', headers);
  expect(binary.json).toMatchObject({
    code: "invalid_event",
    detail: expect.stringContaining("amount is 9007199254740993"),
  });
  expect((await bus.history.query()).events).toEqual([]);
});
