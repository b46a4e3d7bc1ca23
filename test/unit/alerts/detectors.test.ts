import { expect, test } from "vitest";
import { AlertMonitor, checkAlerts } from "../../../lib/alerts/index.ts";
import { monitorOf, run, short, start, subscriptionOf } from "./monitor.ts";

const begun = { type: "task.started", at: 0, data: { taskId: "t" } };
const done = { type: "task.completed", data: { taskId: "t" } };

test("a flow that takes longer than 10 s is slow, and its end clears it", () => {
  const alerts = run(monitorOf({ kind: "slow-flow" }), [
    begun,
    { type: "tool.call.started", at: 10_001 },
    { ...done, at: 12_000 },
  ]);
  expect(alerts).toMatchObject([
    {
      state: "raised",
      subject: "flow-1",
      metric: "flow.duration",
      value: 10_001,
      threshold: 10_000,
      alert: "slow-flow",
    },
    { state: "cleared", subject: "flow-1", value: 12_000 },
  ]);
  expect(run(monitorOf({ kind: "slow-flow" }), [begun, { ...done, at: 10_000 }], 60_000)).toEqual([]);
});

test("a flow that has begun is slow as soon as its time is over, without an event", () => {
  const monitor = monitorOf({ kind: "slow-flow", types: { "workflow.*": "1m" } });
  expect(run(monitor, [begun, { ...begun, type: "workflow.started", flow: "w", at: 0 }], 10_000)).toEqual([]);
  expect(short(monitor.advance(start + 10_001))).toEqual(["raised flow-1"]);
  expect(short(monitor.advance(start + 60_001))).toEqual(["raised w"]);
});

test("a slow flow that begins nothing is cleared when it is silent for a minute, and has one alert", () => {
  const monitor = monitorOf({ kind: "slow-flow" });
  const events = [0, 11_000, 12_000].map((at) => ({ type: "custom.a", at }));
  expect(short(run(monitor, events, 71_999))).toEqual(["raised flow-1"]);
  expect(short(monitor.advance(start + 72_000))).toEqual(["cleared flow-1"]);
  expect(run(monitor, [{ type: "custom.a", at: 80_000 }], 200_000)).toEqual([]);
});

test("the end of a part is not the end of a flow", () => {
  const part = { type: "task.completed", at: 5_000, data: { taskId: "part" } };
  expect(short(run(monitorOf({ kind: "slow-flow" }), [begun, part], 10_001))).toEqual(["raised flow-1"]);
});

test("a flow that has begun and is silent is stuck, until it goes on", () => {
  const monitor = monitorOf({ kind: "stuck-flow" });
  expect(run(monitor, [begun, { type: "custom.a", at: 0, flow: "begins nothing" }], 300_000)).toEqual([]);
  expect(monitor.advance(start + 300_001)).toMatchObject([
    { state: "raised", subject: "flow-1", metric: "flow.silence", value: 300_001, threshold: 300_000 },
  ]);
  expect(short(run(monitor, [{ type: "tool.call.started", at: 400_000 }]))).toEqual(["cleared flow-1"]);
  expect(short(monitor.advance(start + 700_001))).toEqual(["raised flow-1"]);
  expect(short(run(monitor, [{ ...done, at: 800_000 }], 9_000_000))).toEqual(["cleared flow-1"]);
});

test("a success without the result that its rule declares raises, and one with it clears", () => {
  const monitor = monitorOf({ kind: "no-result", on: ["task.completed"] });
  expect(run(monitor, [begun, { ...done, id: "e", at: 1 }])).toMatchObject([
    { state: "raised", subject: "flow-1", key: "e" },
  ]);
  const result = { taskId: "t", result: "42" };
  expect(short(run(monitor, [{ ...done, at: 2, data: result }]))).toEqual(["cleared flow-1"]);
  for (const empty of [null, "", "  ", {}, []]) {
    const event = { ...done, at: 3, flow: JSON.stringify(empty), data: { result: empty } };
    expect(run(monitor, [event])).toHaveLength(1);
  }
  for (const present of [0, false, "no", [0]]) {
    expect(run(monitor, [{ ...done, at: 4, flow: `with ${present}`, data: { result: present } }])).toEqual([]);
  }
});

test("more than three times the usual rate and more than ten a minute is a spike, until a whole minute is usual", () => {
  const monitor = monitorOf({ kind: "rate-spike" });
  const minute = (number: number, events: number) =>
    Array.from({ length: events }, () => ({ type: "custom.a", at: number * 60_000 + 1_000 }));
  const usual = Array.from({ length: 10 }, (_, number) => minute(number, 4)).flat();
  expect(run(monitor, [...usual, ...minute(10, 12)])).toEqual([]);
  expect(run(monitor, minute(10, 5))).toMatchObject([
    { state: "raised", subject: "custom.a", value: 13, threshold: 12, metric: "events.per_minute" },
  ]);
  expect(monitor.advance(start + 11 * 60_000)).toEqual([]);
  expect(monitor.advance(start + 12 * 60_000)).toMatchObject([{ state: "cleared", subject: "custom.a", value: 0 }]);
});

test("rising failures are counted by agent", () => {
  const monitor = monitorOf({ kind: "failures" });
  const failed = Array.from({ length: 6 }, (_, at) => ({ type: "task.failed", at, agent: "a" }));
  const others = Array.from({ length: 6 }, (_, at) => ({ type: "task.completed", at, agent: "a" }));
  expect(run(monitor, [...others, ...failed.slice(1)])).toEqual([]);
  expect(run(monitor, failed.slice(0, 1))).toMatchObject([{ subject: "a", value: 6, threshold: 5 }]);
});

test("an agent whose heartbeat is missed is silent, and any event of it clears", () => {
  const monitor = monitorOf({ kind: "silence" });
  const beat = (agent: string, at: number) => ({ type: "agent.heartbeat", at, agent, data: { agentId: agent } });
  const never = { type: "custom.a", at: 0, agent: "never gave one" };
  const left = { type: "agent.stopped", at: 1, agent: "left", data: { agentId: "left" } };
  expect(run(monitor, [beat("a", 0), beat("left", 0), never, left], 90_000)).toEqual([]);
  expect(short(monitor.advance(start + 90_001))).toEqual(["raised a"]);
  expect(short(run(monitor, [{ type: "custom.a", at: 95_000, agent: "a" }]))).toEqual(["cleared a"]);
  expect(short(monitor.advance(start + 185_001))).toEqual(["raised a"]);
});

test("backlog age and dead letters raise by subscription, clear, and raise again under another id", () => {
  const monitor = monitorOf({ kind: "backlog" }, { kind: "dead-letters", subscriptions: ["rea*"] });
  const measure = (oldestAgeMs: number, deadLetters: number, at: number) =>
    monitor.measure([subscriptionOf("readers", { oldestAgeMs, deadLetters })], start + at);
  expect(measure(300_000, 0, 0)).toEqual([]);
  const first = measure(300_001, 1, 1);
  expect(first).toMatchObject([
    { metric: "subscription.oldest_age", subject: "readers" },
    { metric: "subscription.dead_letters", subject: "readers", value: 1, threshold: 0 },
  ]);
  expect(measure(300_001, 2, 2)).toEqual([]);
  expect(short(measure(0, 2, 3))).toEqual(["cleared readers"]);
  const again = measure(300_001, 2, 4);
  expect(again).toMatchObject([{ state: "raised", subject: "readers" }]);
  expect(again[0]?.key).not.toBe(first[0]?.key);
  expect(short(monitor.measure([], start + 5))).toEqual(["cleared readers", "cleared readers"]);
});

test("a cost is summed by flow, by agent, or by day, and the day's end clears it", () => {
  const spends = (cost: number, at: number) => ({ type: "llm.call.completed", at, agent: "a", data: { cost } });
  for (const [per, subject] of [
    ["flow", "flow-1"],
    ["agent", "a"],
    ["day", "bus"],
  ] as const) {
    const monitor = monitorOf({ kind: "cost", limit: 5, per });
    expect(run(monitor, [begun, spends(3, 1), spends(1.5, 2)])).toEqual([]);
    expect(run(monitor, [spends(0.5, 3)])).toMatchObject([{ subject, value: 5, threshold: 5 }]);
    const end = per === "flow" ? { ...done, at: 4 } : { type: "custom.a", at: 12 * 3_600_000, flow: "other" };
    expect(short(run(monitor, [end]))).toEqual([`cleared ${subject}`]);
  }
});

test("the same call ten times in a flow is taken for a loop, whatever the ids of the calls", () => {
  const call = (n: number, input: string) => ({
    type: "tool.call.started",
    at: n,
    data: { toolUseId: `u-${n}`, toolName: "search", toolInput: { input } },
  });
  const monitor = monitorOf({ kind: "loop" });
  const calls = Array.from({ length: 10 }, (_, n) => call(n, "the same"));
  const different = Array.from({ length: 20 }, (_, n) => call(n, `other ${n}`));
  expect(run(monitor, [begun, ...different, ...calls.slice(1)])).toEqual([]);
  expect(run(monitor, calls.slice(0, 1))).toMatchObject([{ metric: "flow.repeats", value: 10, subject: "flow-1" }]);
  expect(short(run(monitor, [{ ...done, at: 20 }]))).toEqual(["cleared flow-1"]);
  const many = Array.from({ length: 50 }, (_, n) => call(n, `other ${n}`));
  expect(run(monitorOf({ kind: "loop", events: 50 }), many)).toMatchObject([{ metric: "flow.events", value: 50 }]);
});

test("a hundred alerts of a rule are enough, and the others are counted", () => {
  const monitor = monitorOf({ kind: "slow-flow" });
  const flows = Array.from({ length: 150 }, (_, n) => ({ ...begun, flow: `f-${n}` }));
  expect(run(monitor, flows, 20_000)).toHaveLength(100);
  expect([monitor.active().length, monitor.leftOut]).toEqual([100, 50]);
});

test("flows beyond the most are forgotten, longest silent first, and what was raised on them is cleared", () => {
  const { rules } = checkAlerts({ rules: [{ kind: "stuck-flow" }] });
  const monitor = new AlertMonitor(rules, { mostFlows: 100 });
  expect(short(run(monitor, [begun], 300_001))).toEqual(["raised flow-1"]);
  const more = Array.from({ length: 100 }, (_, n) => ({ ...begun, at: 300_001, flow: `f-${n}` }));
  expect(short(run(monitor, more))).toEqual(["cleared flow-1"]);
  expect(monitor.flows).toBe(100);
  monitor.advance(start + 2 * 86_400_000);
  expect([monitor.flows, monitor.active().length]).toEqual([0, 0]);
});
