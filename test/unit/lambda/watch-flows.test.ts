import { expect, test } from "vitest";
import { taskAssigned, taskCompleted } from "../../../lib/catalog/index.ts";
import { type WatchedHistory, type WatchedTimes, watchFlowsOf } from "../../../lib/lambda/flow-watch.ts";
import { lambdaRuntime } from "../../../lib/lambda/function-runtime.ts";
import { watchFunction, watchOnce } from "../../../lib/lambda/watch-flows.ts";
import { type TestBus, testBus } from "../../../lib/testing/test-bus.ts";

const settings = { slowMs: 10_000, spike: { factor: 3, over: 10 }, source: "watch-flows" };
const task = { taskId: "task-1" };

/** What history has; a test bus records at once. */
async function* recorded(bus: TestBus, { since, until }: WatchedTimes) {
  const query = { since: new Date(since), until: new Date(until), limit: 1_000 };
  const { events } = await bus.history.query(query);
  yield events.map(({ type, time, metadata }) => ({
    type,
    flow: metadata.correlationId,
    acceptedAt: Date.parse(time),
  }));
}

/** A test bus accepts an event at its own time, where none was given. */
function historyOf(bus: TestBus): WatchedHistory {
  return {
    acceptedAt: async (id) => {
      const event = await bus.history.get(id);
      return event === undefined ? undefined : Date.parse(event.time);
    },
    recorded: (times) => recorded(bus, times),
  };
}

/** One run; gives what it raised. */
async function watch(bus: TestBus) {
  // What is accepted at the very moment of a run is for the next.
  await bus.clock.advance(1);
  const before = bus.published.length;
  const result = await watchOnce(bus, historyOf(bus), settings, bus.clock.now());
  return { ...result, raised: bus.published.slice(before) };
}

async function publish(bus: TestBus, times: number, type: "custom.a" | "custom.b" = "custom.a"): Promise<void> {
  for (let time = 0; time < times; time += 1) await bus.publish({ type, data: { time } });
}

/** Minutes with as many events each, each published at its second half minute. */
async function minutes(bus: TestBus, ...counts: number[]): Promise<void> {
  for (const count of counts) {
    await bus.clock.advance("30s");
    await publish(bus, count);
    await bus.clock.advance("30s");
  }
}

test("a flow that takes longer than 10 s raises one alert, however often it is watched", async () => {
  const bus = testBus();
  const slow = await bus.publish(taskAssigned, { ...task, instruction: "read" });
  const fast = await bus.publish(taskAssigned, { ...task, instruction: "read" });
  await bus.clock.advance("9s");
  await bus.publish(taskCompleted, task, { metadata: { correlationId: fast.id } });
  await bus.clock.advance("2s");
  await bus.publish(taskCompleted, task, { metadata: { correlationId: slow.id } });
  const first = await watch(bus);
  expect(first).toMatchObject({ slowFlows: 1, alerts: 1, cut: false });
  expect(first.durations.toSorted((one, other) => one - other)).toEqual([9_000, 11_000]);
  expect(first.raised).toMatchObject([
    {
      type: "system.performance.alert",
      source: "watch-flows",
      data: { metric: "flow.duration", subject: slow.id, value: 11_000, threshold: 10_000, state: "raised" },
    },
  ]);
  await bus.clock.advance("1m");
  await bus.publish(taskCompleted, task, { metadata: { correlationId: slow.id } });
  expect(await watch(bus)).toMatchObject({ slowFlows: 1, alerts: 0, raised: [] });
});

test("a flow whose id tells no time is measured from its first event in history", async () => {
  const bus = testBus();
  const first = await bus.publish({ type: "custom.a", data: {}, id: "my-own" });
  await bus.clock.advance("5m");
  await bus.publish({ type: "custom.b", data: {}, metadata: { correlationId: first.id } });
  expect((await watch(bus)).raised).toMatchObject([{ data: { subject: "my-own", value: 300_000 } }]);
});

test("a type that comes more than three times as often as usual, and more than ten times, raises and clears", async () => {
  const bus = testBus();
  await minutes(bus, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 20);
  await bus.clock.advance("20s");
  expect((await watch(bus)).raised).toMatchObject([
    { data: { metric: "events.per_minute", subject: "custom.a", value: 20, threshold: 15, state: "raised" } },
  ]);
  expect((await watch(bus)).raised).toEqual([]);
  await bus.clock.advance("40s");
  await bus.clock.advance("20s");
  expect((await watch(bus)).raised).toMatchObject([{ data: { subject: "custom.a", value: 0, state: "cleared" } }]);
});

test("ten events a minute are no spike, and neither is what is usual", async () => {
  const bus = testBus();
  await minutes(bus, 0, 0, 0, 10);
  await bus.clock.advance("20s");
  expect((await watch(bus)).raised).toEqual([]);
  const busy = testBus();
  await minutes(busy, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 60);
  await busy.clock.advance("20s");
  expect((await watch(busy)).raised).toEqual([]);
});

test("its own alerts are no flows and no spike", async () => {
  const bus = testBus();
  for (let alert = 0; alert < 50; alert += 1) {
    await bus.emit.system.performance.alert({ metric: "flow.duration", value: 1 });
  }
  await bus.clock.advance("90s");
  expect(await watch(bus)).toMatchObject({ durations: [], alerts: 0, raised: [] });
});

test("a thousand slow flows are no thousand alerts", async () => {
  const bus = testBus();
  const ids: string[] = [];
  for (let flow = 0; flow < 150; flow += 1) ids.push((await bus.publish({ type: "custom.a", data: { flow } })).id);
  await bus.clock.advance("11s");
  for (const correlationId of ids) await bus.publish({ type: "custom.b", data: {}, metadata: { correlationId } });
  expect(await watch(bus)).toMatchObject({ slowFlows: 150, alerts: 100, cut: true });
});

test("at a thousand events a second every flow of two minutes is seen; at more than it can hold it says so", async () => {
  const bus = testBus();
  const now = bus.clock.now();
  const parts = (count: number) =>
    async function* () {
      for (let part = 0; part < count; part += 10_000) {
        yield Array.from({ length: 10_000 }, (_, n) => {
          const flow = Math.floor((part + n) / 2);
          // The first event of each second flow comes 11 s before its last.
          const acceptedAt = now + ((part + n) % 4 === 1 ? 11_000 : 0);
          return { type: "custom.a", flow: `f-${flow}`, acceptedAt };
        });
      }
    };
  const times = { since: now, until: now + 120_000 };
  const all = await watchFlowsOf({ ...historyOf(bus), recorded: parts(120_000) }, times, 10_000);
  expect([all.durations.length, all.alerts.length, all.cut]).toEqual([60_000, 30_000, false]);
  const oneFlow = async function* () {
    for (let part = 0; part < 110; part += 1) {
      yield Array.from({ length: 10_000 }, () => ({ type: "custom.a", flow: "f", acceptedAt: now }));
    }
  };
  expect(await watchFlowsOf({ ...historyOf(bus), recorded: oneFlow }, times, 10_000)).toMatchObject({
    durations: [0],
    cut: true,
  });
});

test("limits are checked where they are given", () => {
  expect(() => watchFunction({ slowFlow: "soon" }, lambdaRuntime)).toThrow("watchFlows: slowFlow must be a duration");
  expect(() => watchFunction({ spike: { factor: -1 } }, lambdaRuntime)).toThrow("watchFlows: spike.factor is -1");
});
