import { describe, expect, test } from "vitest";
import { testBus } from "wagglebus/testing";
import { DeliveryLimits } from "../../../../lib/delivery/limits/delivery-limits.ts";
import { turn } from "../../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../../support/a-record.ts";
import { anEvent } from "../../../support/an-event.ts";
import { limited, nameOf, type Settings, start, type } from "./a-limited-bus.ts";

describe("throttle without a key", () => {
  test("as many begin at once as the limit says, the rest as time passes; nothing is given back", async () => {
    const { bus, starts, publish, subscriber } = await limited({ throttle: { limit: 2, per: "10s" } });
    for (const name of ["a", "b", "c", "d", "e"]) await publish(name);
    await turn();
    expect(await bus.subscriptions.get("calls")).toMatchObject({ waiting: 3, delayed: 0 });
    expect((await bus.metrics()).throttled).toBe(1);
    await bus.drain();
    expect(starts).toEqual(["a 0", "b 0", "c 10", "d 10", "e 20"]);
    expect(await subscriber.info()).toMatchObject({ delivered: 5, failed: 0, backlog: 0 });
    expect((await bus.metrics()).throttled).toBe(0);
  });

  test("any span counts, not only those that begin with the first", async () => {
    const { bus, starts, publish } = await limited({ throttle: { limit: 2, per: "10s" } });
    await publish("a");
    await bus.clock.advance("9s");
    for (const name of ["b", "c", "d"]) await publish(name);
    await bus.drain();
    expect(starts).toEqual(["a 0", "b 9", "c 10", "d 19"]);
  });

  test("each attempt counts; urgent ones overtake what waits", async () => {
    const { bus, starts, publish } = await limited(
      { throttle: { limit: 1, per: "10s" }, backoff: { from: "1s", to: "1s" } },
      (event, { attempt }) => {
        if (nameOf(event) === "a" && attempt === 1) throw new Error("once more");
      },
    );
    await publish("a");
    await turn();
    await publish("b");
    await publish("urgent", undefined, { priority: 1 });
    await bus.drain();
    expect(starts).toEqual(["a 0", "urgent 10", "a 20", "b 30"]);
  });

  test("subscribers of one name on a bus share it", async () => {
    const { bus, starts, publish, handler } = await limited({ throttle: { limit: 1, per: "10s" } });
    await bus.subscribe({ name: "calls", on: type, throttle: { limit: 1, per: "10s" } }, handler);
    for (const name of ["a", "b", "c"]) await publish(name);
    await bus.drain();
    expect(starts).toEqual(["a 0", "b 10", "c 20"]);
  });

  test("given later it counts from then on, taken away it holds nothing up", async () => {
    const { bus, starts, publish, handler } = await limited({});
    const other = (settings: Settings) =>
      bus.subscribe({ name: "calls", on: type, ...settings }, handler).then((subscriber) => subscriber.close());
    await other({ throttle: { limit: 1, per: "10s" } });
    for (const name of ["a", "b", "c"]) await publish(name);
    await bus.clock.advance("10s");
    await other({});
    await bus.drain();
    expect(starts).toEqual(["a 0", "b 10", "c 10"]);
  });

  test("closed or paused it holds nothing up, and closed it leaves no timer", async () => {
    const { bus, publish, subscriber } = await limited({ throttle: { limit: 1, per: "10s" } });
    for (const name of ["a", "b"]) await publish(name);
    await turn();
    subscriber.pause();
    await bus.clock.advance("10s");
    expect((await bus.metrics()).throttled).toBe(0);
    subscriber.resume();
    await publish("c");
    await turn();
    expect((await bus.metrics()).throttled).toBe(1);
    await subscriber.close();
    expect((await bus.metrics()).throttled).toBe(0);
    expect(bus.clock.nextDue).toBeUndefined();
  });
});

describe("throttle with a key", () => {
  const perKey = { throttle: { limit: 1, per: "10s", key: "data.key" } } as const;

  test("each value has its own; what has to wait is given back once, its attempt not counted", async () => {
    const attempts: number[] = [];
    const { bus, starts, publish } = await limited(perKey, (_event, { attempt }) => attempts.push(attempt));
    for (const name of ["x1", "x2", "x3"]) await publish(name, "x");
    await publish("y1", "y");
    await publish("free 1");
    await publish("free 2");
    await turn();
    expect(starts).toEqual(["x1 0", "y1 0", "free 1 0", "free 2 0"]);
    expect(await bus.subscriptions.get("calls")).toMatchObject({ waiting: 0, delayed: 2, running: 0 });
    const [event] = (await bus.history.query({ type })).events.filter((one) => nameOf(one) === "x2");
    const { pending } = await bus.history.flow(event?.id ?? "");
    expect(pending).toMatchObject([{ state: "delayed", attempts: 0, dueAt: "2026-01-01T00:00:10.000Z" }]);
    await bus.drain();
    expect(starts.slice(4)).toEqual(["x2 10", "x3 20"]);
    expect(new Set(attempts)).toEqual(new Set([1]));
    expect(await bus.metrics()).toMatchObject({ delivered: 6, failed: 0, retried: 0 });
  });

  test("who waits keeps its slot, also against what is more urgent", async () => {
    const { bus, starts, publish } = await limited(perKey);
    for (const name of ["x1", "x2"]) await publish(name, "x");
    await turn();
    await publish("urgent", "x", { priority: 1 });
    await bus.drain();
    expect(starts).toEqual(["x1 0", "x2 10", "urgent 20"]);
  });

  test("ordered: the order within a key is kept while it waits", async () => {
    const { bus, starts, publish } = await limited({
      throttle: { limit: 1, per: "10s", key: "type" },
      ordered: "data.key",
    });
    for (const name of ["x1", "x2", "y1", "x3"]) await publish(name, name.slice(0, 1));
    await bus.drain();
    expect(starts.map((one) => one.split(" ")[1])).toEqual(["0", "10", "20", "30"]);
    expect(starts.map((one) => one.split(" ")[0]).filter((name) => name !== "y1")).toEqual(["x1", "x2", "x3"]);
  });

  test("what has expired takes no slot", async () => {
    const { bus, starts, publish, subscriber } = await limited(perKey);
    await publish("x1", "x");
    await publish("expires", "x", { expiresAt: new Date(start + 5_000).toISOString() });
    await publish("x2", "x");
    await bus.drain();
    expect(starts).toEqual(["x1 0", "x2 20"]);
    await bus.clock.advance("1m");
    subscriber.pause();
    await publish("expires too", "x", { expiresAt: new Date(bus.clock.now() + 1).toISOString() });
    await publish("x3", "x");
    await bus.clock.advance("1s");
    subscriber.resume();
    await bus.drain();
    expect(starts.at(-1)).toBe("x3 81");
    expect(await subscriber.info()).toMatchObject({ expired: 2, delivered: 3 });
  });

  test("in a batch, what is collected has begun", async () => {
    const bus = testBus();
    const batches: string[] = [];
    await bus.subscribe(
      { name: "calls", on: type, ...perKey },
      (events) => batches.push(`${events.map(nameOf).join(" ")} ${(bus.clock.now() - start) / 1_000}`),
      { batch: { size: 5 } },
    );
    for (const name of ["x1", "x2", "y1"]) await bus.publish({ type, data: { name, key: name.slice(0, 1) } });
    await bus.drain();
    expect(batches).toEqual(["x1 y1 0", "x2 10"]);
  });

  test("keys that say nothing any more are forgotten", () => {
    const limits = new DeliveryLimits();
    limits.use(aRecord({ throttle: { limit: 1, per: 10, key: "data.key" } }));
    const deliveryOf = (key: string) => {
      const event = anEvent({ id: key, data: { key } });
      return { subscription: "one", event, attempt: 1, acceptedAt: 0, failures: [], redriven: false };
    };
    for (let n = 0; n < 100_000; n += 1) if (limits.admit(deliveryOf(`k${n}`), n) > 0) throw new Error("each is new");
    expect(limits.keys).toBeLessThanOrEqual(1_000);
    expect(limits.admit(deliveryOf("k99999"), 100_000)).toBe(9);
    expect(limits.admit(deliveryOf("k0"), 100_000)).toBe(0);
  });
});
