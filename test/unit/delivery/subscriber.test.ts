import { expect, test } from "vitest";
import { Runner } from "../../../lib/delivery/runner.ts";
import { createSubscriber } from "../../../lib/delivery/subscriber.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../support/a-record.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";
import { runnerDependencies } from "./runner-bench.ts";

const down = new BusError("unavailable", "the store is down");

async function subscribed(closed: () => Promise<void> = async () => {}) {
  const clock = new ManualClock();
  const engine = new FakeEngine({ clock });
  const record = aRecord({ name: "readers", on: ["task.created", "task.failed"], concurrency: 1 });
  await engine.subscriptions.put(record, { ephemeral: false });
  const ends: (() => void)[] = [];
  const handler = () => new Promise<void>((resolve) => ends.push(resolve));
  const runner = new Runner(runnerDependencies(engine, clock), record, { handler });
  let closings = 0;
  const subscriber = createSubscriber(engine, runner, {
    closing: () => {},
    closed: async () => {
      closings += 1;
      await closed();
    },
  });
  const append = async (id: string) => {
    await engine.log.append({ event: anEvent({ id }), ownId: false, history: true, inHandler: false });
    await turn();
  };
  return { clock, engine, subscriber, ends, append, closings: () => closings };
}

test("info tells what this subscriber did and how the whole subscription stands", async () => {
  const { clock, subscriber, ends, append } = await subscribed();
  await append("a");
  ends[0]?.();
  await clock.advance("1s");
  await append("b");
  await append("c");
  expect(await subscriber.info()).toEqual({
    name: "readers",
    types: ["task.created", "task.failed"],
    paused: false,
    delivered: 1,
    failed: 0,
    retried: 0,
    deadLettered: 0,
    expired: 0,
    lastEventAt: "2026-01-01T00:00:01.000Z",
    running: 1,
    backlog: 1,
    oldestAgeMs: 0,
  });
});

test("of a subscription that was deleted it tells its own counts", async () => {
  const { engine, subscriber } = await subscribed();
  await engine.subscriptions.delete("readers");
  expect(await subscriber.info()).toMatchObject({ name: "readers", types: [], backlog: 0, oldestAgeMs: 0 });
});

test("an engine that cannot tell how it stands rejects info", async () => {
  const { engine, subscriber } = await subscribed();
  engine.fail("subscriptions.get", down);
  await expect(subscriber.info()).rejects.toBe(down);
});

test("pause and resume are the runner's", async () => {
  const { subscriber, append, ends } = await subscribed();
  subscriber.pause();
  await append("a");
  expect(await subscriber.info()).toMatchObject({ paused: true, running: 0, backlog: 1 });
  subscriber.resume();
  await turn();
  expect(ends).toHaveLength(1);
});

test("close waits for what runs, once for all who call it, and is told once", async () => {
  const { subscriber, ends, append, closings } = await subscribed();
  await append("a");
  const both = [subscriber.close(), subscriber.close(), subscriber[Symbol.asyncDispose]()];
  await turn();
  expect(closings()).toBe(0);
  ends[0]?.();
  await Promise.all(both);
  expect(closings()).toBe(1);
});

test("a close that fails rejects for all who wait for it", async () => {
  const { subscriber } = await subscribed(() => Promise.reject(down));
  const both = [subscriber.close(), subscriber.close()];
  for (const closing of both) await expect(closing).rejects.toBe(down);
});
