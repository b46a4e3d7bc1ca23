import { expect, test } from "vitest";
import type { AlertRule } from "../../../lib/alerts/index.ts";
import { checkAwsRules } from "../../../lib/alerts/rules/on-aws.ts";
import { taskAssigned, taskCompleted } from "../../../lib/catalog/index.ts";
import { lambdaRuntime } from "../../../lib/lambda/function-runtime.ts";
import { FunctionWatch } from "../../../lib/lambda/function-watch.ts";
import { type RecordedEvent, type RecordedHistory, readRecorded } from "../../../lib/lambda/read-recorded.ts";
import { watchFunction } from "../../../lib/lambda/watch-flows.ts";
import { type TestBus, testBus } from "../../../lib/testing/test-bus.ts";

const task = { taskId: "task-1" };

/** What history has, and which events were read whole; a test bus records at once. */
function historyOf(bus: TestBus) {
  const read: string[] = [];
  const history: RecordedHistory = {
    async *recorded({ since, until }) {
      const { events } = await bus.history.query({ since: new Date(since), until: new Date(until), limit: 1_000 });
      yield events.map(({ id, type, source, time, metadata: { correlationId: flow } }) => {
        const acceptedAt = Date.parse(time);
        return { key: `${time} ${id}`, id, type, source, flow, acceptedAt, recordedAt: acceptedAt };
      });
    },
    byKeys: async (keys) => {
      const events = await Promise.all(keys.map((key) => bus.history.get(key.slice(25))));
      return new Map(
        events.flatMap((event, index) => {
          if (event === undefined) return [];
          read.push(event.type);
          return [[keys[index] ?? "", event] as const];
        }),
      );
    },
  };
  return { history, read };
}

/** A function that watches a bus by rules. */
function watching(bus: TestBus, rules?: readonly AlertRule[]) {
  const { history, read } = historyOf(bus);
  const start = () => new FunctionWatch({ bus, history, rules: checkAwsRules(rules), source: "watch-flows" });
  let watch = start();
  return {
    read,
    /** The function's process is replaced by another. */
    restart: () => {
      watch = start();
    },
    /** One run; gives what it published. */
    run: async () => {
      // What is accepted at the very moment of a run is for the next.
      await bus.clock.advance(1);
      const before = bus.published.length;
      const result = await watch.run(bus.clock.now());
      return { ...result, events: bus.published.slice(before) };
    },
  };
}

/** Minutes with as many events each, each published at its second half minute. */
async function minutes(bus: TestBus, ...counts: number[]): Promise<void> {
  for (const count of counts) {
    await bus.clock.advance("30s");
    for (let time = 0; time < count; time += 1) await bus.publish({ type: "custom.a", data: { time } });
    await bus.clock.advance("30s");
  }
}

test("a flow that takes longer than 10 s raises one alert, which its end clears, however often it is watched", async () => {
  const bus = testBus();
  const { run, restart } = watching(bus);
  const slow = await bus.publish(taskAssigned, { ...task, instruction: "read" });
  const fast = await bus.publish(taskAssigned, { ...task, instruction: "read" });
  await bus.clock.advance("9s");
  await bus.publish(taskCompleted, task, { metadata: { correlationId: fast.id } });
  await bus.clock.advance("20s");
  const first = await run();
  expect(first).toMatchObject({ slowFlows: 1, published: 1, active: [{ subject: slow.id }], cut: false });
  expect(first.durations.toSorted((one, other) => one - other)).toEqual([0, 9_000]);
  expect(first.events).toMatchObject([
    {
      type: "system.performance.alert",
      source: "watch-flows",
      data: { alert: "slow-flow", metric: "flow.duration", subject: slow.id, threshold: 10_000, state: "raised" },
    },
  ]);
  expect(await run()).toMatchObject({ durations: [], published: 0, active: [{ subject: slow.id }] });
  restart();
  expect(await run()).toMatchObject({ published: 0, active: [{ subject: slow.id }] });
  await bus.clock.advance("1m");
  await bus.publish(taskCompleted, task, { metadata: { correlationId: slow.id } });
  const last = await run();
  expect(last).toMatchObject({ slowFlows: 0, published: 1, active: [] });
  expect(last.events).toMatchObject([{ data: { subject: slow.id, state: "cleared", value: 89_003 } }]);
  restart();
  expect(await run()).toMatchObject({ published: 0, active: [] });
});

test("a type that comes more than three times as often as usual, and more than ten times, raises and clears", async () => {
  const bus = testBus();
  const { run, read } = watching(bus);
  await minutes(bus, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 20);
  expect((await run()).events).toMatchObject([
    { data: { metric: "events.per_minute", subject: "custom.a", value: 16, threshold: 15, state: "raised" } },
  ]);
  expect((await run()).events).toEqual([]);
  await minutes(bus, 0, 0);
  expect((await run()).events).toMatchObject([{ data: { subject: "custom.a", value: 0, state: "cleared" } }]);
  expect(read.filter((type) => type !== "system.performance.alert")).toEqual([]);
});

test("its own alerts are no flows and no spike", async () => {
  const bus = testBus();
  for (let alert = 0; alert < 50; alert += 1) {
    await bus.emit.system.performance.alert({ metric: "flow.duration", value: 1 });
  }
  await bus.clock.advance("90s");
  expect(await watching(bus).run()).toMatchObject({ durations: [], events: [] });
});

test("only events in which a rule looks at the data are read whole", async () => {
  const bus = testBus();
  const rules: AlertRule[] = [
    { kind: "no-result", on: ["custom.done"] },
    { kind: "failures", on: ["custom.*"], over: 1 },
  ];
  const { run, read } = watching(bus, rules);
  const { id } = await bus.publish({ type: "custom.done", data: {} });
  await bus.publish({ type: "custom.other", data: {} });
  for (let failure = 0; failure < 2; failure += 1) {
    await bus.publish({ type: "custom.failed", data: {}, metadata: { agentId: "reader" } });
  }
  await bus.clock.advance("20s");
  expect((await run()).events).toMatchObject([
    { data: { alert: "no-result", subject: id } },
    { data: { alert: "failures", subject: "reader", value: 2 } },
  ]);
  expect(read.toSorted()).toEqual(["custom.done", "custom.failed", "custom.failed"]);
});

test("a cost, a loop, a silence and dead letters raise as they do elsewhere", async () => {
  const bus = testBus();
  const rules: AlertRule[] = [
    { kind: "cost", limit: 2 },
    { kind: "loop", repeats: 3 },
    { kind: "silence" },
    { kind: "stuck-flow" },
    { kind: "dead-letters", subscriptions: ["fails"] },
  ];
  const { run } = watching(bus, rules);
  await bus.subscribe({ name: "fails", on: "custom.a", attempts: 1 }, () => {
    throw new Error("no");
  });
  const agent = { metadata: { agentId: "reader" } };
  await bus.emit.agent.heartbeat({ agentId: "reader", status: "idle" }, agent);
  const { id } = await bus.publish({ type: "custom.a", data: { costUsd: 1 } });
  const metadata = { correlationId: id };
  for (let time = 0; time < 2; time += 1) await bus.publish({ type: "custom.a", data: { costUsd: 1 }, metadata });
  await bus.drain();
  await bus.clock.advance("2m");
  const { events, active } = await run();
  expect(active.map(({ alert }) => alert).toSorted()).toEqual(["cost", "dead-letters", "loop", "silence"]);
  expect(events.map(({ type }) => type).toSorted()).toEqual([
    "system.cost.threshold.reached",
    "system.loop.detected",
    ...Array.from({ length: 4 }, () => "system.performance.alert"),
  ]);
  await bus.emit.agent.heartbeat({ agentId: "reader", status: "idle" }, agent);
  await bus.deadLetters.discard((await bus.deadLetters.list()).deadLetters.map(({ id: letter }) => letter));
  const next = await run();
  expect(next.active.map(({ alert }) => alert).toSorted()).toEqual(["cost", "loop"]);
  expect(next.events.map(({ data }) => data)).toEqual([
    expect.objectContaining({ alert: "silence", subject: "reader", state: "cleared" }),
    expect.objectContaining({ alert: "dead-letters", subject: "fails", state: "cleared" }),
  ]);
});

test("what a run could not publish, the next one finds and publishes", async () => {
  const bus = testBus();
  const { run, restart } = watching(bus);
  await bus.publish(taskAssigned, { ...task, instruction: "read" });
  await bus.clock.advance("30s");
  const publish = bus.publish;
  Object.assign(bus, { publish: () => Promise.reject(new Error("throttled")) });
  await expect(run()).rejects.toThrow("throttled");
  Object.assign(bus, { publish });
  expect(await run()).toMatchObject({ published: 1 });
  restart();
  expect(await run()).toMatchObject({ published: 0 });
});

test("of more than one run takes it reads the newest, and says so", async () => {
  const parts = (count: number, type: string) =>
    async function* (): AsyncGenerator<readonly RecordedEvent[], void, void> {
      for (let part = count; part > 0; part -= 10_000) {
        yield Array.from({ length: 10_000 }, (_, n) => {
          const key = String(part - n).padStart(9, "0");
          return { key, id: key, type, source: "s", flow: "f", acceptedAt: 0, recordedAt: 0 };
        });
      }
    };
  const wanted = { since: 0, until: 1, isKnown: () => false, needsData: (type: string) => type === "whole" };
  const read = async (count: number, type: string) => {
    const { events, cut } = await readRecorded({ recorded: parts(count, type), byKeys: async () => new Map() }, wanted);
    return [events.length, cut, events[0]?.key];
  };
  expect(await read(500_000, "custom.a")).toEqual([500_000, false, "000000001"]);
  expect(await read(510_000, "custom.a")).toEqual([500_000, true, "000010001"]);
  expect(await read(50_000, "whole")).toEqual([40_000, true, "000010001"]);
});

test("rules are checked where they are given, and what AWS cannot answer is refused", () => {
  const made = (rules: readonly AlertRule[]) => () => watchFunction({ rules }, lambdaRuntime);
  expect(made([{ kind: "slow-flow", over: -1 }])).toThrow("watchFlows.rules[0].over must be a duration");
  expect(made([{ kind: "loop" }, { kind: "backlog" }])).toThrow(
    /^watchFlows\.rules\[1\] has the kind "backlog", which AWS cannot answer.*oldest-message/,
  );
});
