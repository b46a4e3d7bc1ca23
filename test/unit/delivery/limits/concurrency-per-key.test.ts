import { expect, test } from "vitest";
import type { Event } from "wagglebus";
import { testBus } from "wagglebus/testing";
import { turn } from "../../../../lib/testing/manual-clock.ts";
import { lasting, limited, nameOf, runOut, start, type } from "./a-limited-bus.ts";

const onePerKey = { concurrencyPerKey: { key: "data.key", limit: 1 }, backoff: { from: 1, to: 1 } } as const;

test("one key does not take all of the concurrency, and holds up no other", async () => {
  const { bus, starts, publish } = await limited({ ...onePerKey, concurrency: 3 }, () => lasting(bus, 1_000));
  for (const name of ["x1", "x2", "x3", "x4"]) await publish(name, "x");
  await publish("y1", "y");
  await publish("free");
  await turn();
  expect(starts).toEqual(["x1 0", "y1 0", "free 0"]);
  expect(await bus.subscriptions.get("calls")).toMatchObject({ delayed: 3, running: 3 });
  await runOut(bus);
  expect(starts.slice(3).map((one) => one.split(" ")[0])).toEqual(["x2", "x3", "x4"]);
  expect(bus.clock.now() - start).toBeLessThan(6_000);
  expect(await bus.metrics()).toMatchObject({ delivered: 6, failed: 0, running: 0 });
});

test("a failed attempt frees its key until it is tried again", async () => {
  const { bus, starts, publish } = await limited(
    { ...onePerKey, backoff: { from: "1h", to: "1h" } },
    (event, { attempt }) => {
      if (nameOf(event) === "x1" && attempt === 1) throw new Error("once more");
    },
  );
  for (const name of ["x1", "x2"]) await publish(name, "x");
  await runOut(bus);
  expect(starts.map((one) => one.split(" ")[0])).toEqual(["x1", "x2", "x1"]);
});

test("a run that was given back by a batch frees its key", async () => {
  const bus = testBus();
  const seen: string[] = [];
  const subscription = { name: "calls", on: type, ...onePerKey } as const;
  const batch = await bus.subscribe(subscription, () => {}, { batch: { size: 5, window: "1h" }, shared: true });
  const one = (event: Event) => {
    seen.push(nameOf(event));
    return lasting(bus, 100);
  };
  const other = await bus.subscribe(subscription, one, { shared: true });
  other.pause();
  await bus.publish({ type, data: { name: "x1", key: "x" } });
  await bus.clock.advance("50m");
  batch.pause();
  other.resume();
  await bus.publish({ type, data: { name: "x2", key: "x" } });
  await runOut(bus);
  expect(seen).toEqual(["x1", "x2"]);
  // The time for which it was collected is not how long runs last.
  expect(bus.clock.now() - start - 3_000_000).toBeLessThan(500);
});
