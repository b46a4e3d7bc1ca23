import * as fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { standardCatalog } from "../../../../lib/catalog/index.ts";
import type { Event } from "../../../../lib/index.ts";
import { FlowMapper } from "../../../../lib/server/ag-ui/flow-mapper.ts";
import { mapperStateSchema } from "../../../../lib/server/ag-ui/mapper-state.ts";
import { encodePoint } from "../../../../lib/server/ag-ui/resume-point.ts";
import { formatSse } from "../../../../lib/server/streams/sse.ts";
import { judge } from "./judge.ts";

const names = ["a", "b", "a #1", "__proto__", "constructor", "x/y~z"];
const name = fc.constantFrom(...names);
const few = fc.constantFrom(...names.slice(0, 2));
const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.dictionary(name, fc.integer()));
const types = [...standardCatalog.types(), "approval.decided", "custom.other"];
const mapped = types.filter((type) =>
  /^(execution|node|llm|tool|state|stream|conversation|approval|input|task)\./.test(type),
);

const event: fc.Arbitrary<Omit<Event, "id">> = fc.record({
  type: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...mapped) }, fc.constantFrom(...types)),
  source: fc.constant("s"),
  time: fc.constant("2026-01-31T12:00:00.000Z"),
  data: fc.record(
    {
      executionId: few,
      nodeId: name,
      iteration: fc.constantFrom(1, 2),
      content: fc.string(),
      role: fc.constantFrom("user", "assistant", "none"),
      streamId: few,
      toolUseId: few,
      toolName: few,
      toolInput: value,
      result: value,
      output: value,
      error: value,
      key: name,
      scope: name,
      newValue: value,
    },
    { requiredKeys: [] },
  ),
  metadata: fc.record(
    {
      streamId: few,
      agentId: few,
      executionId: few,
      version: fc.constant(1),
      correlationId: fc.constant("f"),
      priority: fc.constant(5),
    },
    { requiredKeys: ["version", "correlationId", "priority"] },
  ),
});
const flow = fc
  .array(event, { minLength: 1, maxLength: 40 })
  .map((all): Event[] => all.map((one, index) => ({ ...one, id: `e${index}` })));

afterEach(() => vi.restoreAllMocks());

test("any sequence of events gives a stream that the client of AG-UI accepts, without a warning", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(flow, async (events) => {
      const mapper = new FlowMapper("f");
      const stream = events.flatMap((one) => [...mapper.map(one)]);
      const state = Reflect.get(mapper, "state");
      expect(mapperStateSchema.parse(state)).toEqual(state);
      if (stream.length === 0) return;
      for (const { type } of stream) seen.add(type);
      // The end of a run that failed is what the client is told, not a fault of the stream.
      const verdict = await judge(stream.map((one) => formatSse({ data: JSON.stringify(one) })).join(""));
      expect(verdict.types).toEqual(stream.map(({ type }) => type));
    }),
    { numRuns: 300 },
  );
  // Whose ids of calls are not unique is told so.
  const warnings = warn.mock.calls.map(([warning]) => String(warning));
  expect(warnings.filter((warning) => !warning.includes("already exists with name"))).toEqual([]);
  expect([...seen].sort()).toMatchInlineSnapshot(`
    [
      "CUSTOM",
      "REASONING_END",
      "REASONING_MESSAGE_CONTENT",
      "REASONING_MESSAGE_END",
      "REASONING_MESSAGE_START",
      "REASONING_START",
      "RUN_ERROR",
      "RUN_FINISHED",
      "RUN_STARTED",
      "STATE_DELTA",
      "STATE_SNAPSHOT",
      "STEP_FINISHED",
      "STEP_STARTED",
      "TEXT_MESSAGE_CONTENT",
      "TEXT_MESSAGE_END",
      "TEXT_MESSAGE_START",
      "TOOL_CALL_ARGS",
      "TOOL_CALL_END",
      "TOOL_CALL_RESULT",
      "TOOL_CALL_START",
    ]
  `);
});

test("a mapper that goes on from a state gives what the first would have given", () => {
  fc.assert(
    fc.property(flow, fc.nat(), (events, at) => {
      const cut = at % events.length;
      const first = new FlowMapper("f");
      const second = new FlowMapper("f");
      for (const one of events.slice(0, cut)) {
        Array.from(first.map(one));
        second.replay(one);
      }
      second.restore(mapperStateSchema.parse(JSON.parse(JSON.stringify(first.state))));
      for (const one of events.slice(cut)) expect([...second.map(one)]).toEqual([...first.map(one)]);
    }),
    { numRuns: 300 },
  );
});

/** The types of what a list of types and data becomes. */
function typesOf(...events: [type: string, data: Record<string, unknown>][]): string[] {
  const mapper = new FlowMapper("f");
  return events.flatMap(([type, data], index) => {
    const metadata = { version: 1, correlationId: "f", priority: 5 };
    const event: Event = { id: `e${index}`, type, source: "s", time: "2026-01-31T12:00:00.000Z", data, metadata };
    return Array.from(mapper.map(event), (one) => one.type);
  });
}

test("the end of an execution within a run is neither the end of the run nor, after it, another run", () => {
  const outer = { executionId: "outer" };
  const inner = { executionId: "inner" };
  expect(
    typesOf(
      ["execution.started", outer],
      ["execution.started", inner],
      ["execution.completed", outer],
      ["execution.completed", inner],
      ["execution.completed", outer],
      ["custom.late", {}],
      ["llm.text.delta", { content: "late" }],
    ),
  ).toEqual(["RUN_STARTED", "CUSTOM", "RUN_FINISHED"]);
});

test("a run that failed is an error, and the execution after it another run with what is shared", () => {
  expect(
    typesOf(
      ["execution.started", { executionId: "a" }],
      ["llm.text.delta", { content: "x" }],
      ["execution.failed", { executionId: "a", error: { message: "broken" } }],
      ["state.changed", { key: "k", newValue: 1 }],
      ["execution.started", { executionId: "b" }],
    ),
  ).toEqual([
    "RUN_STARTED",
    "TEXT_MESSAGE_START",
    "TEXT_MESSAGE_CONTENT",
    "TEXT_MESSAGE_END",
    "RUN_ERROR",
    "RUN_STARTED",
    "STATE_SNAPSHOT",
  ]);
});

test("a run begins with a call of a model, and not anew with the end of one that a question overtook", () => {
  const call = { model: "m" };
  expect(
    typesOf(
      ["llm.call.started", call],
      ["approval.requested", { approvalId: "a", question: "Pay?" }],
      ["llm.call.completed", call],
      ["approval.granted", { approvalId: "a" }],
      ["llm.call.started", call],
      ["task.cancelled", { taskId: "t" }],
    ),
  ).toEqual(["RUN_STARTED", "CUSTOM", "RUN_FINISHED", "RUN_STARTED", "CUSTOM", "CUSTOM"]);
});

test("the message of an interrupt is the question", () => {
  const mapper = new FlowMapper("f");
  const metadata = { version: 1, correlationId: "f", priority: 5 };
  const data = { approvalId: "a", question: "Pay 5 €?", reason: "above the limit" };
  const time = "2026-01-31T12:00:00Z";
  const [, finished] = mapper.map({ id: "e", type: "approval.requested", source: "s", time, data, metadata });
  expect(finished).toMatchObject({ outcome: { interrupts: [{ id: "e", message: "Pay 5 €?" }] } });
});

test("however long names are, the id of a message fits into a header", () => {
  const mapper = new FlowMapper("f");
  const long = "n".repeat(5_000);
  const metadata = { version: 1, correlationId: "f", priority: 5 };
  for (let index = 0; index < 100; index += 1) {
    const data = { toolUseId: `${index} ${long}`, toolName: `${index} ${long}`, nodeId: long };
    for (const type of ["tool.call.started", "node.loop.started"]) {
      Array.from(mapper.map({ id: `e${index}`, type, source: "s", time: "2026-01-31T12:00:00Z", data, metadata }));
    }
  }
  const state = mapperStateSchema.parse(mapper.state);
  expect(encodePoint({ last: "e", delta: null, part: 0, state }).length).toBeLessThan(14_000);
});
