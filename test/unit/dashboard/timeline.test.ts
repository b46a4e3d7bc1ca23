import { expect, test } from "vitest";
import { lanesOf, spendingOf, treeOf } from "../../../lib/dashboard/page/state/timeline.ts";
import type { Flow, FlowNode } from "../../../lib/history/flow.ts";
import { anEvent } from "../../support/an-event.ts";

const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();

const aFlow = (roots: FlowNode[], rest: Partial<Flow> = {}): Flow => ({
  id: "f",
  status: "completed",
  roots,
  size: 1,
  startedAt: at(0),
  lastAt: at(0),
  durationMs: 0,
  pending: [],
  deadLetters: [],
  ...rest,
});

test("a tree is walked in order, however deep, and cut where it is long", () => {
  let node: FlowNode = { event: anEvent({ id: "e19999" }), children: [] };
  for (let n = 19_998; n >= 0; n -= 1) {
    node = { event: anEvent({ id: `e${n}` }), children: [node, { event: anEvent({ id: `side${n}` }), children: [] }] };
  }
  const nodes = treeOf(aFlow([node]), 50_000);
  expect(nodes.slice(0, 3).map(({ depth, event }) => [event.id, depth])).toEqual([
    ["e0", 0],
    ["e1", 1],
    ["e2", 2],
  ]);
  expect(nodes.at(-1)?.event.id).toBe("side0");
  expect(treeOf(aFlow([node]), 300)).toHaveLength(300);
});

test("bars say what was waiting, what ran, what failed and what is under way, as parts of the whole time", () => {
  const event = anEvent({ id: "e", time: at(0) });
  const failure = { code: "handler_error", message: "no", at: at(400), attempt: 1 } as const;
  const flow = aFlow(
    [
      {
        event,
        children: [],
        deliveries: [
          {
            subscription: "done",
            eventId: "e",
            outcome: "done",
            attempts: 1,
            failures: [],
            endedAt: at(500),
            ranMs: 100,
            totalMs: 500,
          },
        ],
      },
    ],
    {
      pending: [{ subscription: "late", eventId: "e", type: event.type, state: "running", attempts: 1 }],
      deadLetters: [
        {
          id: "d",
          subscription: "dead",
          event,
          reason: failure,
          attempts: 1,
          failures: [failure],
          acceptedAt: at(0),
          deadAt: at(400),
        },
      ],
    },
  );
  const { lanes, totalMs } = lanesOf(treeOf(flow, 10), Date.parse(at(1_000)));
  expect(totalMs).toBe(1_000);
  expect(lanes.map(({ subscription, tookMs }) => [subscription, tookMs])).toEqual([
    ["done", 500],
    ["late", 1_000],
    ["dead", 400],
  ]);
  expect(lanes[0]?.pieces).toMatchObject([
    { kind: "wait", from: 0, to: 0.4 },
    { kind: "run", from: 0.4, to: 0.5 },
  ]);
  expect(lanes[1]?.pieces).toMatchObject([{ kind: "busy", from: 0, to: 1 }]);
  expect(lanes[2]?.pieces).toMatchObject([
    { kind: "wait", from: 0, to: 0.4 },
    { kind: "bad", from: 0.4, to: 0.4 },
  ]);
  expect(lanesOf([], 0)).toEqual({ lanes: [], totalMs: 0 });
});

test("what was spent is summed up by agent; who says nothing of it is left out", () => {
  const spent = { usage: { inputTokens: 10, outputTokens: 5 }, cost: 0.5 };
  const nodes = [
    anEvent({ id: "1", data: spent, metadata: { agentId: "a" } }),
    anEvent({ id: "2", data: { tokens: 3 }, metadata: { agentId: "a" } }),
    anEvent({ id: "3", data: { cost: "much", tokens: -1 }, metadata: { agentId: "b" } }),
  ].map((event): FlowNode => ({ event, children: [] }));
  expect(spendingOf(treeOf(aFlow(nodes), 10))).toEqual([{ who: "a", events: 2, tokens: 18, cost: 0.5 }]);
});

test("what was redriven, and so has ended twice, is two bars that are told apart", () => {
  const event = anEvent({ id: "e", time: at(0) });
  const delivery = { subscription: "one", eventId: "e", attempts: 1, failures: [], totalMs: 100 };
  const deliveries = [
    { ...delivery, outcome: "dead", endedAt: at(100) },
    { ...delivery, outcome: "done", endedAt: at(900) },
  ] as const;
  const { lanes } = lanesOf(treeOf(aFlow([{ event, children: [], deliveries: [...deliveries] }]), 10), 0);
  expect(new Set(lanes.map(({ key }) => key)).size).toBe(2);
});
