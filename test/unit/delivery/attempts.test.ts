import { expect, test } from "vitest";
import { NonRetriableError, RetryAfterError } from "../../../lib/delivery/handler-errors.ts";
import { runContext } from "../../../lib/delivery/run-context.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import type { Event } from "../../../lib/event/event.ts";
import { turn } from "../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../support/an-event.ts";
import { attempting, failing } from "./attempts-bench.ts";

test.each<[string, () => unknown]>([
  ["nothing", () => undefined],
  ["a value", () => 7],
  ["a promise", async () => "read"],
  // biome-ignore lint/suspicious/noThenProperty: other libraries' promises are no Promise
  ["something with a `then`", () => ({ then: (resolve: () => void) => resolve() })],
])("a handler that gives %s has succeeded", async (_, handler) => {
  const { attempts, begin, counters, outcomes } = attempting(handler);
  begin();
  await turn();
  expect(outcomes).toEqual([{ kind: "done" }]);
  expect(attempts.counts).toMatchObject({ delivered: 1, failed: 0 });
  expect(counters).toMatchObject({ delivered: 1, running: 0 });
  expect(counters.deliveryMs.percentiles().p50).toBe(5);
});

test("a failure is retried after a backoff that doubles, half of it by chance", async () => {
  const { begin, outcomes, counters } = failing(new Error("broken"));
  begin({ attempt: 1 });
  begin({ attempt: 2 });
  await turn();
  expect(outcomes).toMatchObject([
    { kind: "retry", afterMs: 750, failure: { code: "handler_error", message: "broken", attempt: 1 } },
    { kind: "retry", afterMs: 1_500, failure: { attempt: 2 } },
  ]);
  expect(counters).toMatchObject({ failed: 2, retried: 2, deadLettered: 0, running: 0 });
});

test("at the last attempt it is dead; earlier where it is never to be tried again", async () => {
  const last = failing(new Error("broken"));
  last.begin({ attempt: 3 });
  const never = failing(new NonRetriableError("not a document"));
  never.begin();
  await turn();
  expect(last.outcomes).toMatchObject([{ kind: "dead", failure: { code: "handler_error", attempt: 3 } }]);
  expect(never.outcomes).toMatchObject([{ kind: "dead", failure: { code: "non_retriable", attempt: 1 } }]);
  expect(never.counters).toMatchObject({ failed: 1, retried: 0, deadLettered: 1 });
});

test("the handler says when to try again, and that counts as an attempt", async () => {
  const { begin, outcomes } = failing(new RetryAfterError("busy", "7s"));
  begin({ attempt: 2 });
  begin({ attempt: 3 });
  await turn();
  expect(outcomes).toMatchObject([{ kind: "retry", afterMs: 7_000 }, { kind: "dead" }]);
});

test("an event that has expired ends without a run, and is counted", async () => {
  let runs = 0;
  const { attempts, begin, outcomes, counters, clock } = attempting(() => {
    runs += 1;
  });
  begin({ event: anEvent({ metadata: { expiresAt: new Date(clock.now()).toISOString() } }) });
  begin({ event: anEvent({ metadata: { expiresAt: new Date(clock.now() + 1).toISOString() } }) });
  await turn();
  expect(runs).toBe(1);
  expect(outcomes).toEqual([{ kind: "dropped" }, { kind: "done" }]);
  expect(attempts.counts.expired).toBe(1);
  expect(counters.expired).toBe(1);
});

test("handler and filter get the newest version; what cannot be brought there fails", async () => {
  const seen: unknown[] = [];
  const { begin, outcomes } = attempting(({ data }) => seen.push(data), {
    filter: ({ data }: Event) => seen.push(data) > 0,
  });
  begin({ event: anEvent({ type: "task.read", data: { title: "On bees" } }) });
  begin({ event: anEvent({ type: "task.read", data: { pages: "many" } }) });
  await turn();
  const newest = { title: "On bees", pages: 1 };
  expect(seen).toEqual([newest, newest]);
  expect(outcomes).toMatchObject([{ kind: "done" }, { kind: "retry" }]);
});

test("what the filter does not want ends without a run; a filter that throws fails the attempt", async () => {
  let runs = 0;
  const handler = () => {
    runs += 1;
  };
  const unwanted = attempting(handler, { filter: () => false });
  unwanted.begin();
  const broken = attempting(handler, {
    filter: () => {
      throw new Error("no such field");
    },
  });
  broken.begin();
  await turn();
  expect(runs).toBe(0);
  expect(unwanted.outcomes).toEqual([{ kind: "dropped" }]);
  expect(unwanted.counters).toMatchObject({ delivered: 0, failed: 0, running: 0 });
  expect(broken.outcomes).toMatchObject([{ kind: "retry", failure: { message: "no such field" } }]);
});

test("a publish that is not awaited belongs to the run: it ends with it, and fails with it", async () => {
  const publishes = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let next = 0;
  const { begin, outcomes } = attempting(() => {
    const publish = publishes[next];
    next += 1;
    if (publish !== undefined) runContext.getStore()?.track(publish.promise);
  });
  begin();
  begin();
  await turn();
  expect(outcomes).toEqual([]);
  publishes[0]?.resolve();
  publishes[1]?.reject(new BusError("conflict", "stored with other content"));
  await turn();
  expect(outcomes).toMatchObject([{ kind: "done" }, { kind: "retry", failure: { code: "conflict" } }]);
});

test("its time is up: its signal fires, and it has failed once it ends, whatever it says", async () => {
  const ends = Promise.withResolvers<void>();
  let reason: unknown;
  const { attempts, begin, clock, counters, outcomes } = attempting(async (_, { signal }) => {
    signal.addEventListener("abort", () => {
      reason = signal.reason;
    });
    await ends.promise;
  });
  begin();
  await clock.advance(9_999);
  expect(reason).toBeUndefined();
  await clock.advance(1);
  expect(reason).toMatchObject({ code: "timeout" });
  expect([outcomes, attempts.running]).toEqual([[], 1]);
  ends.resolve();
  await turn();
  expect(outcomes).toMatchObject([{ kind: "retry", failure: { code: "timeout" } }]);
  expect(counters).toMatchObject({ delivered: 0, failed: 1, running: 0, stuck: 0 });
});

test("one that ignores its abort is reported once, and counted as stuck until it ends", async () => {
  const ends = Promise.withResolvers<void>();
  const { begin, clock, counters, errors } = attempting(() => ends.promise);
  begin();
  await clock.advance("20s");
  expect(errors).toMatchObject([{ code: "timeout", details: { subscription: "one", stuck: true } }]);
  expect(counters.stuck).toBe(1);
  ends.resolve();
  await turn();
  expect(counters).toMatchObject({ stuck: 0, running: 0 });
});

test("a slow one is warned of once, whatever comes after it", async () => {
  const { begin, clock, logged } = attempting((_, { signal }) => {
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  begin();
  begin();
  await clock.advance("5s");
  begin();
  await clock.advance("10s");
  expect(logged.filter((message) => message.includes("slow"))).toHaveLength(1);
});

test("aborted since the bus closes, its attempt does not count", async () => {
  const { attempts, begin, counters, outcomes } = attempting(
    (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  begin({ attempt: 3 });
  attempts.abort(new BusError("closed", "the bus is closing"));
  await turn();
  expect(outcomes).toEqual([{ kind: "released" }]);
  expect(counters).toMatchObject({ failed: 0, deadLettered: 0, running: 0 });
});

test("stopped, it watches deadlines no longer", async () => {
  const { attempts, begin, clock, errors } = attempting(() => new Promise(() => {}));
  begin();
  attempts.stop();
  expect(clock.nextDue).toBeUndefined();
  await clock.advance("1m");
  expect(errors).toEqual([]);
});

test("each run is in the context of its own delivery, and the code that began it is in none", async () => {
  const inside: unknown[] = [];
  const { begin } = attempting(async () => {
    inside.push(runContext.getStore()?.event.id);
    await turn();
    inside.push(runContext.getStore()?.event.id);
  });
  begin({ event: anEvent({ id: "a" }) });
  expect(runContext.getStore()).toBeUndefined();
  begin({ event: anEvent({ id: "b" }) });
  await turn();
  await turn();
  expect(inside).toEqual(["a", "b", "a", "b"]);
});

test("what is thrown need not be an error", async () => {
  const { begin, outcomes } = failing("just a text");
  begin();
  await turn();
  expect(outcomes).toMatchObject([{ kind: "retry", failure: { code: "handler_error", message: "just a text" } }]);
});
