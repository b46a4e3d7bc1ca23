import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { NonRetriableError } from "../../../../lib/delivery/handler-errors.ts";
import { spansToDrafts } from "../../../../lib/telemetry/otlp/spans-to-drafts.ts";
import { workspace } from "../test-io.ts";

/** A bus with a flow of three events, one of whose deliveries failed. */
async function withFlow() {
  const space = workspace();
  const events = await space.bus(async (bus) => {
    await bus.subscribe({ name: "readers", on: "custom.second" }, () => {
      throw new NonRetriableError("no such page");
    });
    const results = await bus.publishAll([
      { type: "custom.first", id: "first", data: { n: 1 }, metadata: { correlationId: "run", tags: ["a"] } },
      { type: "custom.second", id: "second", data: {}, metadata: { correlationId: "run", causationId: "first" } },
      { type: "custom.other", id: "other", data: { text: "ü\u2028" } },
    ]);
    await bus.settled("run");
    return results.flatMap((result) => (result.ok ? [result.event] : []));
  });
  return { ...space, events };
}

test.each(["ndjson", "cloudevents"])(
  "what is exported as %s is imported as it was, and twice publishes once",
  async (format) => {
    const { waggle, cwd, events } = await withFlow();
    const exported = await waggle(["export", "--format", format, "--out", "out/events.ndjson"]);
    expect(exported).toMatchObject({ code: 0, out: "✓ 3 events written to out/events.ndjson\n" });
    expect(existsSync(join(cwd, "out/events.ndjson.partial"))).toBe(false);
    const first = await waggle(["import", "out/events.ndjson", "--file", "other.db", "--json"]);
    expect(first.json.map(({ event }) => event)).toEqual(events);
    const again = await waggle(["import", "out/events.ndjson", "--file", "other.db"]);
    expect(again.out).toMatch(/^✓ 3 events published, 3 of them already stored in /);
    expect((await waggle(["history", "--file", "other.db", "--json"])).json).toHaveLength(3);
  },
);

test("filters select what is exported, and stdout has nothing but the events", async () => {
  const { waggle, events } = await withFlow();
  const { out, err } = await waggle(["export", "--correlation-id", "run", "--type", "custom.first"]);
  expect(out).toBe(`${JSON.stringify(events[0])}\n`);
  expect(err).toBe("");
});

test("bad lines are named, the others published, and an event without an id has one of its line", async () => {
  const { waggle } = workspace();
  const stdin = [
    '{"type":"custom.a","data":{"n":1}}',
    "not json",
    '{"specversion":"1.0","id":"ce","source":"s","type":"custom.b","data":{}}',
    '{"specversion":"1.0","id":"ce2","type":"custom.b"}',
    '{"type":"custom.a","data":{"n":1}}',
    '{"resourceSpans":5}',
  ].join("\n");
  const { code, out, err } = await waggle(["import"], { stdin });
  expect(code).toBe(1);
  expect(out).toMatch(/^✗ 3 events published, 3 failed in /);
  expect(err.match(/^stdin:\d+: \S+ \S+ \S+ \S+/gm)).toEqual([
    expect.stringMatching(/^stdin:2: invalid_event: not JSON/),
    expect.stringMatching(/^stdin:4: invalid_event: not a CloudEvent/),
    expect.stringMatching(/^stdin:6: invalid_event: not an OTLP/),
  ]);
  await waggle(["import"], { stdin });
  expect((await waggle(["history", "--json"])).json).toHaveLength(3);
});

test("--format refuses whatever is of another format", async () => {
  const { waggle } = workspace();
  const { code, err } = await waggle(["import", "--format", "cloudevents"], { stdin: '{"type":"custom.a","data":{}}' });
  expect(err).toMatch(/^stdin:1: invalid_event: not a CloudEvent/);
  expect(code).toBe(1);
});

const attribute = (key: string, value: string | number) => ({
  key,
  value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
});
const span = (spanId: string, attributes: ReturnType<typeof attribute>[], more: object = {}) => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId,
  name: "a span",
  startTimeUnixNano: "1767225600000000000",
  endTimeUnixNano: "1767225601500000000",
  attributes,
  ...more,
});
const otlp = JSON.stringify({
  resourceSpans: [
    {
      resource: { attributes: [attribute("service.name", "crew")] },
      scopeSpans: [
        {
          spans: [
            span("00000000000000a1", [
              attribute("gen_ai.operation.name", "invoke_agent"),
              attribute("gen_ai.agent.name", "reader"),
              attribute("gen_ai.usage.input_tokens", 12),
              attribute("gen_ai.usage.output_tokens", 3),
              attribute("gen_ai.request.model", "model-1"),
            ]),
            span(
              "00000000000000a2",
              [attribute("gen_ai.operation.name", "execute_tool"), attribute("gen_ai.tool.name", "search")],
              { parentSpanId: "00000000000000a1", status: { code: 2, message: "no hits" } },
            ),
            span("00000000000000a3", [attribute("http.request.method", "GET")]),
          ],
        },
      ],
    },
  ],
});

test("GenAI spans of OTLP become events of one flow, and other spans are left out", async () => {
  const { waggle } = workspace();
  const first = await waggle(["import"], { stdin: otlp });
  expect(first.out).toMatch(/^✓ 2 events published in /);
  expect(first.err).toBe("1 span without gen_ai.operation.name left out\n");
  await waggle(["import"], { stdin: otlp });
  const { json } = await waggle(["flow", "0af7651916cd43dd8448eb211c80319c", "--json"]);
  expect(json).toMatchObject([
    {
      size: 2,
      roots: [
        {
          event: {
            id: "otlp-0af7651916cd43dd8448eb211c80319c-00000000000000a1",
            type: "execution.completed",
            source: "crew",
            time: "2026-01-01T00:00:01.500Z",
            data: {
              model: "model-1",
              usage: { inputTokens: 12, outputTokens: 3 },
              durationMs: 1_500,
              isError: false,
            },
            metadata: { agentId: "reader" },
          },
          children: [
            { event: { type: "tool.call.completed", data: { toolName: "search", isError: true, error: "no hits" } } },
          ],
        },
      ],
    },
  ]);
});

test("a time that is none, and a value nested too deeply, are named with their line, and the others published", async () => {
  const { waggle } = workspace();
  const span = (time: string, value: string) =>
    `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${"a".repeat(32)}","spanId":"${"b".repeat(16)}",` +
    `"startTimeUnixNano":0,"endTimeUnixNano":${time},"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},` +
    `{"key":"k","value":${value}}]}]}]}]}`;
  const deep = `${'{"arrayValue":{"values":['.repeat(5_000)}${"]}}".repeat(5_000)}`;
  const lines = [
    span("1.5", "{}"),
    span("-1", "{}"),
    span(`"${"9".repeat(30)}"`, "{}"),
    span("1", deep),
    span("1.7e18", "{}"),
  ];
  const { code, err, out } = await waggle(["import"], { stdin: lines.join("\n") });
  for (const line of [1, 2, 3]) expect(err).toMatch(new RegExp(`:${line}: .*must be a whole number of nanoseconds`));
  expect(err).toMatch(/:4: .*the record is nested too deeply/);
  expect(out).toContain("1 event published, 4 failed");
  expect(code).toBe(1);
});

test("any JSON is drafts or a problem, never a crash", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const given of [
        value,
        { resourceSpans: value },
        { resourceSpans: [{ scopeSpans: [{ spans: [value] }] }] },
      ]) {
        const result = spansToDrafts(given);
        expect("problem" in result || Array.isArray(result.drafts)).toBe(true);
      }
    }),
  );
});

test("flows are exported as OTLP traces: a span for each event and each ended delivery", async () => {
  const { waggle } = await withFlow();
  const { json } = await waggle(["export", "--format", "otlp"]);
  expect(json).toHaveLength(2);
  const [run] = json;
  const again = await waggle(["export", "--format", "otlp", "--correlation-id", "run"]);
  expect(again.json).toEqual([run]);
  const spans = Object(run).resourceSpans[0].scopeSpans[0].spans;
  const [first, second, delivery] = spans;
  expect(spans).toHaveLength(3);
  expect(first).toMatchObject({ name: "send custom.first", kind: 4, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect(second).toMatchObject({ name: "send custom.second", parentSpanId: first.spanId, traceId: first.traceId });
  expect(delivery).toMatchObject({
    name: "process custom.second",
    kind: 5,
    parentSpanId: second.spanId,
    status: { code: 2, message: "no such page" },
  });
});

test("what an event reports of a tool's work is a span of it, by the conventions, and comes back as no second event", async () => {
  const { waggle, bus } = workspace();
  await bus(async (one) => {
    const data = { toolName: "search", toolUseId: "call-1", isError: true, durationMs: 1_500 };
    await one.publish({ type: "tool.call.completed", id: "call", time: "2026-01-01T00:00:02Z", data });
  });
  const { out, json } = await waggle(["export", "--format", "otlp"]);
  const [, work] = Object(json[0]).resourceSpans[0].scopeSpans[0].spans;
  expect(work).toMatchObject({
    name: "execute_tool search",
    kind: 1,
    startTimeUnixNano: "1767225600500000000",
    endTimeUnixNano: "1767225602000000000",
    attributes: expect.arrayContaining([attribute("gen_ai.tool.call.id", "call-1"), attribute("error.type", "_OTHER")]),
    status: { code: 2 },
  });
  const again = await waggle(["import"], { stdin: out });
  expect(again.err).toContain("2 spans without gen_ai.operation.name left out");
});

test("the catalog is exported as AsyncAPI 3, each reference of which leads to something", async () => {
  const { waggle } = workspace();
  const { out } = await waggle(["export", "--format", "asyncapi"]);
  const document = JSON.parse(out);
  expect(document).toMatchObject({
    asyncapi: "3.0.0",
    channels: { task: { messages: { "task.created": { $ref: "#/components/messages/task.created" } } } },
    operations: { publish_task: { action: "send", channel: { $ref: "#/channels/task" } } },
  });
  const references = [...out.matchAll(/"\$ref": "(#\/(?:channels|components)\/[^"]+)"/g)].map(([, path = ""]) => path);
  expect(references.length).toBeGreaterThan(50);
  for (const path of references) {
    const found = path
      .slice(2)
      .split("/")
      .reduce<unknown>((at, name) => Object(at)[name], document);
    expect(found, path).toBeDefined();
  }
});

test("the catalog is exported as a folder of EventCatalog", async () => {
  const { waggle, cwd } = workspace();
  expect(await waggle(["export", "--format", "eventcatalog"])).toMatchObject({ code: 2 });
  expect(await waggle(["export", "--format", "eventcatalog", "--out", "x", "--since", "1d"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("writes the catalog"),
  });
  const { code, json } = await waggle(["export", "--format", "eventcatalog", "--out", "catalog", "--json"]);
  expect([code, json]).toEqual([0, [{ path: "catalog", written: expect.any(Number) }]]);
  const page = readFileSync(join(cwd, "catalog/domains/task/events/task.created/index.mdx"), "utf8");
  expect(page).toMatch(
    /^---\nid: "task.created"\nname: "task.created"\nversion: "1.0.0"\nsummary: ".+"\nschemaPath: schema.json\n---\n/,
  );
  const schema = readFileSync(join(cwd, "catalog/domains/task/events/task.created/schema.json"), "utf8");
  expect(JSON.parse(schema)).toMatchObject({ title: "task.created", type: "object" });
});

test("a link and a pipe stay what they are, and a file keeps its mode", async () => {
  const { waggle, cwd } = await withFlow();
  writeFileSync(join(cwd, "real"), "before", { mode: 0o600 });
  symlinkSync("real", join(cwd, "link"));
  execFileSync("mkfifo", [join(cwd, "pipe")]);
  expect((await waggle(["export", "--out", "link"])).code).toBe(0);
  expect(lstatSync(join(cwd, "link")).isSymbolicLink()).toBe(true);
  const written = readFileSync(join(cwd, "real"), "utf8");
  expect(written).toBe((await waggle(["export"])).out);
  expect(lstatSync(join(cwd, "real")).mode & 0o777).toBe(0o600);
  const piped = await Promise.all([readFile(join(cwd, "pipe"), "utf8"), waggle(["export", "--out", "pipe"])]);
  expect(piped).toMatchObject([written, { code: 0 }]);
});

test("a file that cannot be written is named, and the bus is closed", async () => {
  const { waggle, cwd } = await withFlow();
  mkdirSync(join(cwd, "taken"));
  expect(await waggle(["export", "--out", "taken"])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^error: taken cannot be written: /),
  });
  writeFileSync(join(cwd, "file"), "");
  expect(await waggle(["export", "--out", "file/below"])).toMatchObject({ code: 1 });
  expect(existsSync(join(cwd, "taken.partial"))).toBe(false);
});

test("equal lines of two files without ids are two events, and the same files again are none", async () => {
  const { waggle, cwd } = workspace();
  const line = '{"type":"custom.one","data":{"n":1}}\n';
  writeFileSync(join(cwd, "a.ndjson"), line);
  writeFileSync(join(cwd, "b.ndjson"), line);
  for (const files of [
    ["a.ndjson", "b.ndjson"],
    ["./b.ndjson", join(cwd, "a.ndjson")],
  ]) {
    expect((await waggle(["import", ...files])).code).toBe(0);
    expect((await waggle(["history", "--json"])).json).toHaveLength(2);
  }
});
