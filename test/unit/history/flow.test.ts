import fc from "fast-check";
import { expect, test } from "vitest";
import type { FlowNode } from "../../../lib/history/flow.ts";
import { buildFlow } from "../../../lib/history/flow.ts";
import { anEvent } from "../../support/an-event.ts";

const caused = (id: string, causationId?: string, time = "2026-01-01T00:00:00.000Z") =>
  anEvent({ id, time, metadata: { correlationId: "flow", ...(causationId === undefined ? {} : { causationId }) } });

type Tree = { [id: string]: Tree };
const shape = (nodes: readonly FlowNode[]): Tree =>
  Object.fromEntries(nodes.map(({ event, children }) => [event.id, shape(children)]));

const tree = (...events: ReturnType<typeof caused>[]) => shape(buildFlow("flow", events, [], []).roots);

test("children stand below their cause, in order of acceptance", () => {
  expect(tree(caused("a"), caused("b", "a"), caused("c", "b"), caused("d", "a"))).toEqual({
    a: { b: { c: {} }, d: {} },
  });
});

test("a child accepted before its cause stands below it all the same", () => {
  expect(tree(caused("b", "a"), caused("a"))).toEqual({ a: { b: {} } });
});

test("an event whose cause is not in the flow is a root", () => {
  expect(tree(caused("a", "elsewhere"), caused("b", "a"), caused("c"))).toEqual({ a: { b: {} }, c: {} });
});

test("a ring of causes is cut, and no event of it is hidden", () => {
  expect(tree(caused("a", "a"))).toEqual({ a: {} });
  expect(tree(caused("a", "c"), caused("b", "a"), caused("c", "b"))).toEqual({ a: { b: { c: {} } } });
  expect(tree(caused("x", "a"), caused("a", "b"), caused("b", "a"))).toEqual({ a: { x: {}, b: {} } });
});

test("whatever the causes say, each event is there once", () => {
  const ids = ["a", "b", "c", "d", "e", "f"];
  const causes = fc.array(fc.option(fc.constantFrom(...ids, "elsewhere"), { nil: undefined }), {
    minLength: 6,
    maxLength: 6,
  });
  fc.assert(
    fc.property(causes, (given) => {
      const events = ids.map((id, index) => caused(id, given[index]));
      const seen: string[] = [];
      const walk = (nodes: readonly FlowNode[]): void => {
        for (const { event, children } of nodes) {
          seen.push(event.id);
          walk(children);
        }
      };
      walk(buildFlow("flow", events, [], []).roots);
      expect(seen.toSorted()).toEqual(ids);
    }),
    { numRuns: 1_000 },
  );
});

test("the times are the first and the last that the events name, in whatever order they came", () => {
  const flow = buildFlow(
    "flow",
    [
      caused("a", undefined, "2026-01-01T00:00:02.000Z"),
      caused("b", "a", "2026-01-01T00:00:01.000Z"),
      caused("c", "a", "2026-01-01T00:00:05.500Z"),
    ],
    [],
    [],
  );
  expect(flow).toMatchObject({
    startedAt: "2026-01-01T00:00:01.000Z",
    lastAt: "2026-01-01T00:00:05.500Z",
    durationMs: 4_500,
    size: 3,
  });
});

test("running while something is under way, then failed if something is dead, else completed", () => {
  const pending = [{ subscription: "s", eventId: "a", type: "task.created", state: "waiting", attempts: 0 } as const];
  const reason = { code: "timeout", message: "late", at: "2026-01-01T00:00:00.000Z", attempt: 1 } as const;
  const dead = [
    { id: "d", event: caused("a"), reason, attempts: 1, failures: [], acceptedAt: reason.at, deadAt: reason.at },
  ];
  expect(buildFlow("flow", [caused("a")], pending, dead).status).toBe("running");
  expect(buildFlow("flow", [caused("a")], [], dead).status).toBe("failed");
  expect(buildFlow("flow", [caused("a")], [], []).status).toBe("completed");
});
