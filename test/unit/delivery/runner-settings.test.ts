import { describe, expect, test } from "vitest";
import { standardCatalog } from "../../../lib/catalog/index.ts";
import type { HandlerSettings } from "../../../lib/delivery/attempts.ts";
import { Runner } from "../../../lib/delivery/runner.ts";
import type { Delivery, Outcome } from "../../../lib/engine/delivery.ts";
import { jsonLogger } from "../../../lib/runtime/logger.ts";
import { Counters } from "../../../lib/runtime/metrics.ts";
import type { SubscriptionRecord } from "../../../lib/subscription/subscription.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { testBus } from "../../../lib/testing/test-bus.ts";
import { aRecord } from "../../support/a-record.ts";
import { anEvent } from "../../support/an-event.ts";

/** A runner on a queue that does what the test says, and notes what it was told. */
function running(parts: Partial<HandlerSettings>, settings: Partial<SubscriptionRecord> = {}) {
  const clock = new ManualClock();
  const settled: string[] = [];
  let wakes = 0;
  const deliveries = {
    consume: () => ({
      settings: undefined,
      wake: () => {
        wakes += 1;
      },
      stop: () => {},
    }),
    settle: ({ event }: Delivery, outcome: Outcome) => {
      settled.push(`${event.id} ${outcome.kind}`);
    },
  };
  const runner = new Runner(
    {
      deliveries,
      catalog: standardCatalog,
      clock,
      random: () => 0.5,
      logger: jsonLogger(() => {}, "silent"),
      counters: new Counters(),
      bus: testBus(),
      onError: () => {},
    },
    aRecord(settings),
    { handler: () => {}, ...parts },
  );
  const deliver = (id: string) =>
    runner.deliver({
      subscription: "one",
      event: anEvent({ id }),
      attempt: 1,
      acceptedAt: clock.now(),
      failures: [],
      redriven: false,
    });
  return { runner, deliver, settled, clock, wakes: () => wakes };
}

describe("capacity", () => {
  test("is what concurrency leaves, and nothing while paused or closed", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { runner, deliver, settled } = running({ handler: () => promise }, { concurrency: 3 });
    expect(runner.capacity()).toBe(3);
    deliver("a");
    expect(runner.capacity()).toBe(2);
    runner.pause();
    expect(runner.capacity()).toBe(0);
    runner.resume();
    resolve();
    await turn();
    expect(settled).toEqual(["a done"]);
    expect(runner.capacity()).toBe(3);
    await runner.close();
    expect(runner.capacity()).toBe(0);
    deliver("b");
    expect(settled.at(-1)).toBe("b released");
  });

  test("counts what a batch has collected", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const batch = { size: 2, windowMs: 1_000, middleware: [] };
    const { runner, deliver } = running({ handler: () => promise, batch }, { concurrency: 5 });
    for (const id of ["a", "b", "c"]) deliver(id);
    expect({ capacity: runner.capacity(), running: runner.running }).toEqual({ capacity: 2, running: 2 });
    resolve();
    await turn();
    expect({ capacity: runner.capacity(), running: runner.running }).toEqual({ capacity: 4, running: 0 });
  });
});

test("closing waits for what runs", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { runner, deliver } = running({ handler: () => promise });
  deliver("a");
  let closed = false;
  const closing = runner.close().then(() => {
    closed = true;
  });
  await turn();
  expect(closed).toBe(false);
  resolve();
  await closing;
  expect(runner.running).toBe(0);
});
