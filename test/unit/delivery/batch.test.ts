import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { type BatchContext, type Bus, type Event, type HandlerMiddleware, NonRetriableError } from "wagglebus";
import { testBus } from "wagglebus/testing";
import { turn } from "../../../lib/testing/manual-clock.ts";
import { batched, gate, type Handle, nameOf, names, start, type } from "./batch-bench.ts";

describe("how a batch is collected", () => {
  test("what is handed over in one turn comes together, in its order, at most `size`", async () => {
    const { bus, batches, publish } = await batched({ size: 3 });
    for (const name of ["a", "b", "c", "d", "e"]) await publish(name);
    await bus.drain();
    expect(batches).toEqual(["a b c at 0", "d e at 0"]);
  });

  test("the first of a batch waits for others until the window has passed, and no longer once it is full", async () => {
    const { bus, batches, publish } = await batched({ size: 3, window: "10s" });
    await publish("a");
    await bus.clock.advance("9s");
    await publish("b");
    await bus.clock.advance("999ms");
    expect(batches).toEqual([]);
    expect((await bus.metrics()).batching).toBe(2);
    await bus.clock.advance("1ms");
    expect(batches).toEqual(["a b at 10"]);
    for (const name of ["c", "d", "e"]) await publish(name);
    await turn();
    expect(batches).toEqual(["a b at 10", "c d e at 10"]);
    await bus.clock.advance("5s");
    await publish("f");
    await bus.drain();
    expect(batches.at(-1)).toBe("f at 25");
    expect((await bus.metrics()).batching).toBe(0);
  });

  test("concurrency counts deliveries, those that are collected too", async () => {
    const { opened, open } = gate();
    const { bus, batches, publish } = await batched({ size: 2 }, () => opened, { concurrency: 4 });
    for (const name of ["a", "b", "c", "d", "e"]) await publish(name);
    await turn();
    expect(batches).toEqual(["a b at 0", "c d at 0"]);
    expect(await bus.metrics()).toMatchObject({ running: 4, backlog: 1 });
    open();
    await bus.drain();
    expect(batches.at(-1)).toBe("e at 0");
    expect(await bus.metrics()).toMatchObject({ running: 0, delivered: 5 });
  });

  test("a batch is full at the concurrency that another process has set lower", async () => {
    const { bus, batches, publish } = await batched({ size: 5, window: "1h" }, undefined, {}, { shared: true });
    const other = await bus.subscribe({ name: "readers", on: type, concurrency: 2 }, () => {}, { shared: true });
    await other.close();
    for (const name of ["a", "b", "c"]) await publish(name);
    await turn();
    expect(batches).toEqual(["a b at 0"]);
  });

  test("ordered: the next of a key comes after the batch that has the one before", async () => {
    const { bus, batches, publish } = await batched({ size: 10 }, () => {}, { ordered: "data.key" });
    for (const name of ["x1", "x2", "y1", "x3"]) await publish(name, { key: name.slice(0, 1) });
    await bus.drain();
    expect(batches).toEqual(["x1 y1 at 0", "x2 at 0", "x3 at 0"]);
  });

  test("what expires or is not wanted is not of the batch, and a batch of nothing is not run", async () => {
    const filter = (event: Event) => nameOf(event) !== "no";
    const { bus, batches, publish, subscriber } = await batched({ size: 3, window: "10s" }, () => {}, {}, { filter });
    const expiresAt = new Date(start + 5_000).toISOString();
    await bus.publish({ type, data: { name: "expired" }, metadata: { expiresAt } });
    await publish("no");
    await publish("yes");
    await turn();
    expect(batches).toEqual(["expired yes at 0"]);
    await bus.publish({ type, data: { name: "expired" }, metadata: { expiresAt } });
    await publish("no");
    await bus.drain();
    expect(batches).toHaveLength(1);
    expect(await subscriber.info()).toMatchObject({ delivered: 2, expired: 1, backlog: 0, running: 0 });
  });

  test.each<[unknown, string]>([
    [{ size: 0 }, "subscribe: batch.size must be an integer from 1 to 1000, not 0"],
    [{ size: 1_001 }, "batch.size must be an integer from 1 to 1000, not 1001"],
    [{}, "batch.size is missing; it must be an integer from 1 to 1000"],
    [
      { size: 101 },
      "batch.size must be at most the concurrency of subscription readers, which is 100, not 101; increase `concurrency`",
    ],
    [{ size: 2, window: "2h" }, "batch.window"],
    [{ size: 2, windw: 1 }, 'subscribe: batch: unknown option windw; did you mean "window"?'],
    [5, "subscribe: batch: the options must be an object of size, window, not 5"],
  ])("%j is refused", async (batch, message) => {
    await expect(Reflect.apply(batched, undefined, [batch])).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringContaining(message),
    });
  });
});

describe("what a batch handler publishes", () => {
  const caused = async (bus: Bus) => {
    const { events } = await bus.history.query({ type: "custom.summary" });
    return events.map(({ data, metadata }) => ({ of: nameOf({ ...events[0], data } as Event), ...metadata }));
  };

  test("is caused by the first, or by the one that causedBy names", async () => {
    const handle: Handle = async (events, context) => {
      await context.bus.publish({ type: "custom.summary", data: { name: "all" } });
      for (const event of events) {
        const given = await context.causedBy(event, () =>
          context.bus.publish({ type: "custom.summary", data: { name: nameOf(event) } }),
        );
        expect(given.metadata.causationId).toBe(event.id);
      }
    };
    const { bus, publish } = await batched({ size: 2 }, handle);
    const [first, second] = [await publish("a"), await publish("b")];
    await bus.drain();
    const summaries = await caused(bus);
    const of = (name: string) => summaries.find((summary) => summary.of === name);
    expect(of("all")).toMatchObject({ causationId: first.id, correlationId: first.id });
    expect(of("a")).toMatchObject({ causationId: first.id, correlationId: first.id });
    expect(of("b")).toMatchObject({ causationId: second.id, correlationId: second.id });
  });

  test("has a dedupe key only within causedBy: another batch would derive another id", async () => {
    const refused: unknown[] = [];
    let runs = 0;
    const handle: Handle = async (events, context) => {
      runs += 1;
      const summary = { type: "custom.summary", data: { name: "one" } } as const;
      await context.bus.publish(summary, { dedupe: "key" }).catch((thrown: unknown) => refused.push(thrown));
      for (const event of events) {
        await context.causedBy(event, () => context.bus.publish(summary, { dedupe: "key" }));
      }
      if (runs === 1) throw new Error("once more");
    };
    const { bus, publish } = await batched({ size: 2 }, handle);
    for (const name of ["a", "b"]) await publish(name);
    await bus.drain();
    expect(refused).toMatchObject([
      { code: "invalid_event", message: expect.stringContaining("context.causedBy") },
      { code: "invalid_event" },
    ]);
    expect((await bus.history.query({ type: "custom.summary" })).events).toHaveLength(2);
  });

  test("a publish that it does not await belongs to the run: of one event fails that one, else all", async () => {
    const publishBadly = (context: BatchContext) => {
      void context.bus.publish({ type: "custom.taken", data: { n: 2 }, id: "taken" });
    };
    const handle: Handle = (events, context) => {
      for (const event of events) if (nameOf(event) === "one") context.causedBy(event, () => publishBadly(context));
      if (events.some((event) => nameOf(event) === "all")) publishBadly(context);
    };
    const { bus, publish } = await batched({ size: 2 }, handle, { attempts: 1 });
    // Its failure comes a turn later: a publish that fails at once has failed before the handler returns.
    await bus.publish({ type: "custom.taken", data: { n: 1 }, id: "taken" });
    for (const name of ["one", "good"]) await publish(name);
    await bus.drain();
    const dead = async () => (await bus.deadLetters.list()).deadLetters.map(({ event }) => nameOf(event)).toSorted();
    expect(await dead()).toEqual(["one"]);
    for (const name of ["all", "other"]) await publish(name);
    await bus.drain();
    expect(await dead()).toEqual(["all", "one", "other"]);
  });
});

describe("middleware of a batch handler", () => {
  const noted =
    (notes: string[]): HandlerMiddleware =>
    async (event, { attempt }, next) => {
      notes.push(`before ${nameOf(event)} ${attempt}`);
      try {
        await next();
        notes.push(`done ${nameOf(event)}`);
      } catch (thrown) {
        notes.push(`failed ${nameOf(event)}: ${thrown instanceof Error ? thrown.message : thrown}`);
        throw thrown;
      }
    };

  test("runs around each event, and learns what became of it", async () => {
    const notes: string[] = [];
    const handle: Handle = (events, context) => {
      notes.push(`handle ${names(events)}`);
      for (const event of events) if (nameOf(event) === "b") context.fail(event, new NonRetriableError("unreadable"));
    };
    const { bus, publish } = await batched({ size: 2 }, handle, {}, { use: [noted(notes)] });
    for (const name of ["a", "b"]) await publish(name);
    await bus.drain();
    expect(notes).toEqual(["before a 1", "before b 1", "handle a b", "done a", "failed b: unreadable"]);
    expect(await bus.metrics()).toMatchObject({ delivered: 1, deadLettered: 1 });
  });

  test("may end an event by itself, change it, or rescue it", async () => {
    const use: HandlerMiddleware[] = [
      async (event, _context, next) => {
        if (nameOf(event) === "skipped") return;
        if (nameOf(event) === "refused") throw new NonRetriableError("refused");
        if (nameOf(event) === "rescued") await next().catch(() => {});
        else await next({ ...event, data: { name: nameOf(event).toUpperCase() } });
      },
    ];
    const handle: Handle = (events, context) => {
      for (const event of events) if (nameOf(event) === "rescued") context.fail(event, new Error("lost"));
      const changed = events.find((event) => nameOf(event) === "CHANGED");
      if (changed !== undefined) expect(context.delivery(changed).attempt).toBe(1);
    };
    const { bus, batches, publish } = await batched({ size: 4 }, handle, {}, { use });
    for (const name of ["skipped", "refused", "rescued", "changed"]) await publish(name);
    await bus.drain();
    expect(batches).toEqual(["rescued CHANGED at 0"]);
    expect((await bus.deadLetters.list()).deadLetters.map(({ event }) => nameOf(event))).toEqual(["refused"]);
    expect(await bus.metrics()).toMatchObject({ delivered: 3, deadLettered: 1, retried: 0 });
  });

  test("a batch of which no event arrives is not handled", async () => {
    const { bus, batches, publish, subscriber } = await batched({ size: 2 }, () => {}, {}, { use: [() => {}] });
    for (const name of ["a", "b"]) await publish(name);
    await bus.drain();
    expect(batches).toEqual([]);
    expect(await subscriber.info()).toMatchObject({ delivered: 2, running: 0 });
  });

  test("what it publishes is caused by its event; the handler is not in the context of the last", async () => {
    const storage = new AsyncLocalStorage<string>();
    const inside: unknown[] = [];
    const bus = testBus();
    const use: HandlerMiddleware = (event, context, next) =>
      storage.run(nameOf(event), async () => {
        await context.bus.publish({ type: "custom.trace", data: {} });
        await next();
      });
    await bus.subscribe(
      { name: "readers", on: type },
      async (_events, context) => {
        inside.push(storage.getStore());
        await context.bus.publish({ type: "custom.summary", data: {} });
      },
      { batch: { size: 2 }, use: [use] },
    );
    const events = [];
    for (const name of ["a", "b"]) events.push(await bus.publish({ type, data: { name } }));
    await bus.drain();
    const causes = async (of: string) =>
      (await bus.history.query({ type: of })).events.map(({ metadata }) => metadata.causationId).toSorted();
    expect(await causes("custom.trace")).toEqual(events.map(({ id }) => id).toSorted());
    expect(await causes("custom.summary")).toEqual([events[0]?.id]);
    expect(inside).toEqual([undefined]);
  });
});
