import { describe, expect, test } from "vitest";
import { BusError, createCatalog, defineEvent, type Event, NonRetriableError, RetryAfterError } from "wagglebus";
import { testBus } from "wagglebus/testing";
import * as z from "zod";
import { turn } from "../../../lib/testing/manual-clock.ts";
import { batched, gate, type Handle, nameOf, type } from "./batch-bench.ts";

describe("how a batch ends", () => {
  test("what it throws fails all, each by its own attempts", async () => {
    let broken = true;
    const { bus, batches, publish } = await batched(
      { size: 2 },
      () => {
        if (broken) throw new Error("broken");
      },
      { attempts: 2, backoff: { from: "10s", to: "10s" } },
    );
    await publish("a");
    await turn();
    await publish("b");
    await turn();
    await bus.clock.advance("10s");
    broken = false;
    await bus.drain();
    const { deadLetters } = await bus.deadLetters.list();
    expect(deadLetters.map(({ event, attempts, reason }) => [nameOf(event), attempts, reason.message])).toEqual([
      ["b", 2, "broken"],
      ["a", 2, "broken"],
    ]);
    expect(batches[0]).toBe("a at 0");
    expect(await bus.metrics()).toMatchObject({ failed: 4, retried: 2, deadLettered: 2, delivered: 0, running: 0 });
  });

  test("fail names one: it is retried by what its error says, and the others have succeeded", async () => {
    const handle: Handle = (events, context) => {
      for (const event of events) {
        const { attempt, redriven } = context.delivery(event);
        expect(redriven).toBe(false);
        if (nameOf(event) === "never") context.fail(event, new NonRetriableError("unreadable"));
        if (nameOf(event) === "later" && attempt === 1) context.fail(event, new RetryAfterError("busy", "1m"));
        if (nameOf(event) === "twice") {
          context.fail(event, new Error("first"));
          // A copy is known by its id.
          context.fail({ ...event }, new NonRetriableError("last"));
        }
      }
    };
    const { bus, batches, publish } = await batched({ size: 10 }, handle);
    for (const name of ["good", "never", "later", "twice"]) await publish(name);
    await bus.drain();
    expect(batches).toEqual(["good never later twice at 0", "later at 60"]);
    const { deadLetters } = await bus.deadLetters.list();
    expect(deadLetters.map(({ event, reason }) => [nameOf(event), reason.code, reason.message])).toEqual([
      ["twice", "non_retriable", "last"],
      ["never", "non_retriable", "unreadable"],
    ]);
    expect(await bus.metrics()).toMatchObject({ delivered: 2, failed: 3, retried: 1 });
  });

  test("a throw after fail: what was named keeps its own error", async () => {
    const handle: Handle = ([first], { fail }) => {
      if (first !== undefined) fail(first, new NonRetriableError("mine"));
      throw new NonRetriableError("ours");
    };
    const { bus, publish } = await batched({ size: 2 }, handle);
    for (const name of ["a", "b"]) await publish(name);
    await bus.drain();
    const { deadLetters } = await bus.deadLetters.list();
    expect(deadLetters.map(({ event, reason }) => `${nameOf(event)} ${reason.message}`).toSorted()).toEqual([
      "a mine",
      "b ours",
    ]);
  });

  test("an event and its replay in one batch are two: what is failed is the one that was given", async () => {
    const attempts: unknown[] = [];
    const handle: Handle = (events, { delivery, fail }) => {
      for (const event of events) {
        const replayed = event.metadata.replay !== undefined;
        attempts.push([replayed, delivery(event).attempt]);
        if (replayed && delivery(event).attempt === 1) fail(event, new Error("once more"));
      }
    };
    const { bus, publish, subscriber } = await batched({ size: 5 }, handle);
    subscriber.pause();
    const { id } = await publish("a");
    await bus.replay({ ids: [id] }, { to: "readers" });
    subscriber.resume();
    await bus.drain();
    expect(attempts).toEqual([
      [false, 1],
      [true, 1],
      [true, 2],
    ]);
  });

  test("an event of another batch is refused", async () => {
    const others: Event[] = [];
    const refusals: unknown[] = [];
    const handle: Handle = (events, context) => {
      const [other] = others;
      others.push(...events);
      if (other === undefined) return;
      for (const call of [
        () => context.fail(other, new Error("no")),
        () => context.causedBy(other, () => {}),
        () => context.delivery(other),
      ]) {
        try {
          call();
        } catch (thrown) {
          refusals.push(thrown instanceof BusError ? thrown.code : thrown);
        }
      }
    };
    const { bus, publish } = await batched({ size: 1 }, handle);
    for (const name of ["a", "b"]) await publish(name);
    await bus.drain();
    expect(refusals).toEqual(["invalid_config", "invalid_config", "invalid_config"]);
  });

  test("an event that a newer version cannot be made of fails alone", async () => {
    const definition = defineEvent("page.read", {
      version: 2,
      data: z.looseObject({ pages: z.int() }),
      older: [
        { version: 1, data: z.looseObject({ page: z.string() }), upcast: ({ page }) => ({ pages: Number(page) }) },
      ],
    });
    const bus = testBus({ catalog: createCatalog([definition]) });
    const seen: number[] = [];
    await bus.subscribe(
      { name: "readers", on: definition, attempts: 1 },
      (events) => {
        seen.push(...events.map(({ data, metadata }) => data.pages * metadata.version));
      },
      { batch: { size: 3 } },
    );
    const old = (page: string) => bus.publish({ type: "page.read", data: { page }, metadata: { version: 1 } } as never);
    for (const page of ["3", "three"]) await old(page);
    await bus.publish(definition, { pages: 4 });
    await bus.drain();
    expect(seen).toEqual([6, 8]);
    expect((await bus.deadLetters.list()).deadLetters).toMatchObject([{ reason: { code: "invalid_event" } }]);
  });

  test("its time is that of one attempt: aborted it has failed for all, whatever it says", async () => {
    const aborted: unknown[] = [];
    const { opened, open } = gate();
    const handle: Handle = async (events, { bus, signal }) => {
      if (events.length === 1) return;
      signal.addEventListener("abort", () => aborted.push(signal.reason.code));
      await opened;
      await bus
        .publish({ type: "custom.late", data: {} })
        .catch((thrown: unknown) => aborted.push(Object(thrown).code));
    };
    const { bus, publish, subscriber } = await batched({ size: 2 }, handle, { timeout: "5s", attempts: 1 });
    for (const name of ["a", "b"]) await publish(name);
    await turn();
    expect(await subscriber.info()).toMatchObject({ running: 2 });
    await bus.clock.advance("5s");
    await bus.clock.advance("1s");
    expect(await bus.metrics()).toMatchObject({ stuck: 1, running: 2 });
    open();
    await bus.drain();
    expect(aborted).toEqual(["timeout", "aborted"]);
    const { deadLetters } = await bus.deadLetters.list();
    expect(deadLetters.map(({ reason }) => reason.code)).toEqual(["timeout", "timeout"]);
    expect(await bus.metrics()).toMatchObject({ stuck: 0, running: 0, failed: 2 });
  });

  test("paused or closed, what was collected goes back, its attempt not counted", async () => {
    const attempts: number[] = [];
    const note: Handle = (events, context) => {
      for (const event of events) attempts.push(context.delivery(event).attempt);
    };
    const { bus, batches, publish, subscriber } = await batched({ size: 5, window: "1m" }, note);
    await publish("a");
    await turn();
    subscriber.pause();
    await bus.clock.advance("1m");
    expect(batches).toEqual([]);
    expect(await subscriber.info()).toMatchObject({ paused: true, running: 0, backlog: 1 });
    subscriber.resume();
    await publish("b");
    await turn();
    await subscriber.close();
    expect(await bus.subscriptions.get("readers")).toMatchObject({ waiting: 2, running: 0 });
    expect((await bus.metrics()).batching).toBe(0);
    const seen: string[] = [];
    await bus.subscribe({ name: "readers", on: type, concurrency: 100 }, (event, { attempt }) => {
      seen.push(nameOf(event));
      attempts.push(attempt);
    });
    await bus.drain();
    expect(seen).toEqual(["a", "b"]);
    expect(attempts).toEqual([1, 1]);
  });

  test("a batch that the closing bus aborts goes back, its attempts not counted", async () => {
    const { bus, publish } = await batched(
      { size: 2 },
      (_events, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    for (const name of ["a", "b"]) await publish(name);
    await turn();
    const closing = bus.close();
    await bus.clock.advance("1s");
    await closing;
  });
});
