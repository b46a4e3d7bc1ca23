import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  type AlertRule,
  type AlertWatch,
  checkAlerts,
  type WatchedBus,
  watchAlerts,
} from "../../../lib/alerts/index.ts";
import type { Bus } from "../../../lib/bus/bus.ts";
import { connect } from "../../../lib/connect/index.ts";
import type { Event } from "../../../lib/event/event.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";

type AnyBus = Bus<Record<string, unknown>>;

const engines = [
  [
    "memory",
    async (clock: ManualClock) =>
      connect<Record<string, unknown>>({ engine: "memory", source: "test", clock, logLevel: "silent" }),
  ],
  [
    "embedded",
    async (clock: ManualClock) => {
      const folder = mkdtempSync(join(tmpdir(), "waggle-alerts-"));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      return connect<Record<string, unknown>>({
        engine: "embedded",
        file: join(folder, "bus.db"),
        source: "test",
        clock,
      });
    },
  ],
] as const;

/** A bus whose clock a test advances, and watches of it. */
async function open(connectBus: (clock: ManualClock) => Promise<AnyBus>) {
  const clock = new ManualClock();
  const bus = await connectBus(clock);
  const watches: AlertWatch[] = [];
  onTestFinished(async () => {
    for (const watch of watches) await watch.close();
    await bus.close();
  });
  const watch = async (rules: readonly AlertRule[], watched: WatchedBus = bus) => {
    const started = watchAlerts(watched, { rules: checkAlerts({ rules }).rules, clock, logger: { warn: () => {} } });
    watches.push(started);
    await started.ready;
    return started;
  };
  const alerts = async () => {
    const { events } = await bus.history.query({ type: "system.performance.alert", order: "oldest" });
    return events.map(({ data }) => data);
  };
  return { bus, clock, watch, alerts };
}

/** Waits until a watch says so; the clock of the bus stands still meanwhile. */
function until(check: () => unknown): Promise<unknown> {
  return vi.waitFor(async () => expect(await check()).toBeTruthy(), { timeout: 30_000, interval: 5 });
}

const slow: AlertRule[] = [{ kind: "slow-flow" }];
const begin = { type: "task.started", data: { taskId: "t" } };
const endOf = (event: Event) => ({
  type: "task.completed",
  data: { taskId: "t" },
  metadata: { correlationId: event.metadata.correlationId },
});

test.each(engines)("%s: an alert is an event, raised and cleared once", async (_, connectBus) => {
  const { bus, clock, watch, alerts } = await open(connectBus);
  const watching = await watch(slow);
  const first = await bus.publish(begin);
  await clock.advance("20s");
  await until(() => watching.active().length === 1);
  await until(async () => (await alerts()).length === 1);
  await bus.publish(endOf(first));
  await until(async () => (await alerts()).length === 2);
  expect(await alerts()).toMatchObject([
    { alert: "slow-flow", state: "raised", subject: first.id, metric: "flow.duration", severity: "warning" },
    { alert: "slow-flow", state: "cleared", subject: first.id },
  ]);
  expect(watching.active()).toEqual([]);
});

test.each(engines)(
  "%s: a watch that starts again raises nothing twice, and clears what it did not raise",
  async (_, connectBus) => {
    const { bus, clock, watch, alerts } = await open(connectBus);
    const one = await watch(slow);
    const first = await bus.publish(begin);
    await clock.advance("20s");
    await until(async () => (await alerts()).length === 1);
    await one.close();
    await clock.advance("20s");
    const other = await watch(slow);
    expect(other.active()).toMatchObject([{ subject: first.id, state: "raised" }]);
    await clock.advance("20s");
    await bus.publish(endOf(first));
    await until(async () => (await alerts()).length === 2);
    await other.close();
    const third = await watch(slow);
    expect(third.active()).toEqual([]);
    await third.close();
    expect(await alerts()).toMatchObject([{ state: "raised" }, { state: "cleared" }]);
  },
);

test.each(engines)("%s: what went wrong while nobody watched is raised at the start", async (_, connectBus) => {
  const { bus, clock, watch, alerts } = await open(connectBus);
  const first = await bus.publish(begin);
  await clock.advance("11s");
  await bus.publish({ type: "custom.a", data: {}, metadata: { correlationId: first.id } });
  await watch(slow);
  await until(async () => (await alerts()).length === 1);
});

test.each(engines)("%s: two watches of one bus publish an alert once", async (_, connectBus) => {
  const { bus, clock, watch, alerts } = await open(connectBus);
  const rules: AlertRule[] = [...slow, { kind: "dead-letters" }];
  const both = [await watch(rules), await watch(rules)];
  const first = await bus.publish(begin);
  await clock.advance("20s");
  await until(() => both.every((watching) => watching.active().length === 1));
  const subscriber = await bus.subscribe({ name: "readers", on: "custom.a", attempts: 1 }, () => {
    throw new Error("it fails");
  });
  await bus.publish({ type: "custom.a", data: {} });
  await until(async () => (await bus.deadLetters.list()).deadLetters.length === 1);
  await clock.advance("5s");
  await until(() => both.every((watching) => watching.active().length === 2));
  await bus.publish(endOf(first));
  await until(() => both.every((watching) => watching.active().length === 1));
  await Promise.all(both.map((watching) => watching.close()));
  await subscriber.close();
  const published = await alerts();
  expect(published.map((data) => `${Object(data).state} ${Object(data).alert}`).toSorted()).toEqual([
    "cleared slow-flow",
    "raised dead-letters",
    "raised slow-flow",
  ]);
});

test("an alert that cannot be published now is published later", async () => {
  const { bus, clock, watch, alerts } = await open(engines[0][1]);
  let refused = 0;
  const flaky: WatchedBus = {
    history: bus.history,
    subscriptions: bus.subscriptions,
    publish: (draft) => {
      refused += 1;
      return refused === 1 ? Promise.reject(new Error("not now")) : bus.publish(draft);
    },
  };
  await watch(slow, flaky);
  await bus.publish(begin);
  await clock.advance("20s");
  await until(() => refused > 0);
  await until(async () => {
    await clock.advance("5s");
    return (await alerts()).length === 1;
  });
});

test("a loop and a cost are told by the catalog's own types too", async () => {
  const { bus, watch } = await open(engines[0][1]);
  await watch([
    { kind: "loop", repeats: 2 },
    { kind: "cost", limit: 1 },
  ]);
  const first = await bus.publish({ type: "custom.a", data: { cost: 1 } });
  await bus.publish({ type: "custom.a", data: { cost: 1 }, metadata: { correlationId: first.id } });
  const facts = async () =>
    (await bus.history.query({ type: ["system.loop.detected", "system.cost.threshold.reached"] })).events;
  await until(async () => (await facts()).length === 2);
  expect((await facts()).map(({ data }) => data)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ reason: "the same was published 2 times", subject: first.id }),
      expect.objectContaining({ amount: 1, limit: 1 }),
    ]),
  );
});

test("an alert from before the hour that rules look back is cleared by the end of its flow, or a day later", async () => {
  const { bus, clock, watch, alerts } = await open(engines[0][1]);
  const loop: AlertRule[] = [{ kind: "loop", repeats: 2 }];
  const one = await watch(loop);
  const repeat = async () => {
    const first = await bus.publish(begin);
    const metadata = { correlationId: first.id };
    for (let time = 0; time < 2; time += 1) await bus.publish({ type: "custom.a", data: {}, metadata });
    return first;
  };
  const [ends, stays] = [await repeat(), await repeat()];
  await until(async () => (await alerts()).length === 2);
  await one.close();
  await clock.advance("2h");
  const other = await watch(loop);
  await bus.publish(endOf(ends));
  await until(async () => (await alerts()).length === 3);
  expect((await alerts())[2]).toMatchObject({ subject: ends.id, state: "cleared" });
  await other.close();
  await clock.advance("24h");
  const third = await watch(loop);
  expect(third.active()).toMatchObject([{ subject: stays.id }]);
  await clock.advance("5s");
  await until(async () => (await alerts()).length === 4);
  expect(third.active()).toEqual([]);
});
