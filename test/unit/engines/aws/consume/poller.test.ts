import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { standardCatalog } from "../../../../../lib/catalog/index.ts";
import { connect } from "../../../../../lib/connect/index.ts";
import { Runner } from "../../../../../lib/delivery/runner.ts";
import { BusError } from "../../../../../lib/error/bus-error.ts";
import type { Event } from "../../../../../lib/event/event.ts";
import { systemClock } from "../../../../../lib/runtime/clock.ts";
import { Counters } from "../../../../../lib/runtime/metrics.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { ServiceError } from "../../../../support/json-stub.ts";
import type { StubQueue } from "../../../../support/stub-queue.ts";
import { done, PollerBench, settleAll, type Table } from "./poller-bench.ts";

/** Of the test that runs. */
let bench: PollerBench;
let queue: StubQueue;
let table: Table;

beforeEach(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  bench = new PollerBench();
  ({ queue, table } = bench);
  await bench.start();
});

afterEach(async () => {
  await bench.close();
  vi.unstubAllEnvs();
});

test("what is received is handed over and deleted, ten at a time, and never more than there is room for", async () => {
  for (let n = 0; n < 25; n += 1) queue.put(`e${n}`);
  const hands = bench.hands(3);
  const poller = bench.poller({ concurrency: 3 });
  poller.consume(hands).wake();
  for (let got = 3; got < 25; got += 3) {
    await hands.got(got);
    settleAll(poller, hands);
  }
  await hands.got(25);
  settleAll(poller, hands);
  await bench.until(() => queue.size === 0);
  expect(hands.most).toBe(3);
  expect(new Set(hands.all).size).toBe(25);
  const asked = queue.requests.flatMap(({ operation, input }) =>
    operation === "ReceiveMessage" ? [Number(input.MaxNumberOfMessages)] : [],
  );
  expect(Math.max(...asked)).toBe(3);
  expect(queue.count("DeleteMessageBatch")).toBeLessThan(25);
});

test("of one batch the most urgent is handed over first", async () => {
  for (const body of ["a:5", "b:9", "c:1"]) queue.put(body);
  const hands = bench.hands(10);
  bench.poller().consume(hands).wake();
  await hands.got(3);
  expect(hands.all).toEqual(["c", "a", "b"]);
});

test("a retry hides the message for whole seconds, and one of less than a second comes back after it", async () => {
  queue.put("slow");
  queue.put("soon");
  const hands = bench.hands(10);
  const poller = bench.poller();
  poller.consume(hands).wake();
  await hands.got(2);
  const failure = { code: "handler_error", message: "no", at: "2026-01-01T00:00:00Z", attempt: 1 } as const;
  for (const delivery of hands.held.splice(0)) {
    poller.settle(delivery, { kind: "retry", afterMs: delivery.event.id === "slow" ? 1_500 : 20, failure });
  }
  await hands.got(3);
  expect(queue.hidden).toEqual([
    { body: "slow", seconds: 2 },
    { body: "soon", seconds: 0 },
  ]);
  expect(hands.all).toEqual(["slow", "soon", "soon"]);
});

test("what is not to be handed over is deleted or left for later", async () => {
  queue.put("known");
  queue.put("elsewhere");
  table.claimResult = (id) =>
    id === "known"
      ? { action: { kind: "delete" }, why: "duplicate" }
      : { action: { kind: "later", afterMs: 7_000 }, why: "retryLater" };
  const hands = bench.hands(10);
  bench.poller().consume(hands).wake();
  await bench.until(() => queue.size === 1 && queue.hidden.length === 1);
  expect(queue.hidden).toEqual([{ body: "elsewhere", seconds: 7 }]);
  expect(hands.all).toEqual([]);
  expect(hands.expiredBefore).toBe(0);
});

test("what expired before it was claimed is counted by the subscriber and by its bus, and never run", async () => {
  for (const id of ["past1", "past2", "now"]) queue.put(id);
  table.claimResult = (id) => (id === "now" ? undefined : { action: { kind: "delete" }, why: "expired" });
  const poller = bench.poller();
  const counters = new Counters();
  const ran: string[] = [];
  const bus = await connect({ engine: "memory" });
  bench.onClose(() => bus.close());
  const runner = new Runner(
    {
      deliveries: {
        consume: (_, consumer) => poller.consume(consumer),
        settle: (delivery, outcome) => poller.settle(delivery, outcome),
      },
      catalog: standardCatalog,
      clock: systemClock,
      random: Math.random,
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      counters,
      bus,
      onError: (error) => bench.errors.push(error),
    },
    aRecord({ name: "readers" }),
    { handler: (event: Event) => void ran.push(event.id) },
  );
  await bench.until(() => queue.size === 0);
  expect(ran).toEqual(["now"]);
  expect([counters.expired, runner.counts.expired]).toEqual([2, 2]);
  expect(bench.errors).toEqual([]);
  await runner.close();
});

test("one that expired while its subscriber closed still counts", async () => {
  queue.put("past");
  const hands = bench.hands(1);
  const consumption = bench.poller().consume(hands);
  table.claimResult = () => {
    consumption.stop();
    return { action: { kind: "delete" }, why: "expired" };
  };
  consumption.wake();
  await bench.until(() => queue.size === 0);
  expect(hands.expiredBefore).toBe(1);
});

test("nothing is received for nobody: without room no request is made, and what came too late goes back unopened", async () => {
  const hands = bench.hands(0);
  const poller = bench.poller();
  const consumption = poller.consume(hands);
  consumption.wake();
  expect(queue.requests).toEqual([]);
  hands.room = 5;
  consumption.wake();
  await bench.until(() => queue.count("ReceiveMessage") === 1);
  consumption.stop();
  queue.put("late");
  await bench.until(() => queue.hidden.length === 1);
  expect(queue.hidden).toEqual([{ body: "late", seconds: 0 }]);
  expect(table.asked).toEqual([]);
  const other = bench.hands(5);
  poller.consume(other).wake();
  await other.got(1);
  expect(other.all).toEqual(["late"]);
});

test("what runs is held: its claim renewed and its message hidden, three times a lease", async () => {
  queue.put("long");
  const hands = bench.hands(1);
  const poller = bench.poller({}, 90);
  poller.consume(hands).wake();
  await hands.got(1);
  await bench.until(() => queue.hidden.length >= 3);
  expect(table.renewed).toBeGreaterThanOrEqual(2);
  expect(queue.hidden[0]).toEqual({ body: "long", seconds: 1 });
  settleAll(poller, hands);
  await bench.until(() => queue.size === 0);
});

test("a claim that was lost while it ran is reported with what to do", async () => {
  queue.put("lost");
  table.renew = async () => false;
  const hands = bench.hands(1);
  bench.poller({}, 60).consume(hands).wake();
  await hands.got(1);
  await bench.until(() => bench.errors.length > 0);
  expect(bench.errors[0]).toMatchObject({
    code: "conflict",
    message: expect.stringContaining("give a longer `lease`"),
  });
});

test("of a group one runs at a time, in order; the others of the batch wait here, other groups do not", async () => {
  for (const body of ["a1", "a2", "a3"]) queue.put(body, "a");
  queue.put("b1", "b");
  const hands = bench.hands(10);
  const poller = bench.poller();
  poller.consume(hands).wake();
  await hands.got(2);
  expect(hands.all).toEqual(["a1", "b1"]);
  expect(table.asked).toEqual(["a1", "b1"]);
  settleAll(poller, hands);
  await hands.got(3);
  settleAll(poller, hands);
  await hands.got(4);
  expect(hands.all).toEqual(["a1", "b1", "a2", "a3"]);
  settleAll(poller, hands);
  await bench.until(() => queue.size === 0);
});

test("where the first of a group is to be retried, those behind it go back to the queue", async () => {
  for (const body of ["a1", "a2", "a3"]) queue.put(body, "a");
  const hands = bench.hands(1);
  const poller = bench.poller({ concurrency: 3 });
  hands.room = 3;
  poller.consume(hands).wake();
  await hands.got(1);
  hands.room = 0;
  const failure = { code: "handler_error", message: "no", at: "2026-01-01T00:00:00Z", attempt: 1 } as const;
  settleAll(poller, hands, { kind: "retry", afterMs: 3_000, failure });
  await bench.until(() => queue.hidden.length === 3);
  expect(queue.hidden).toEqual([
    { body: "a1", seconds: 3 },
    { body: "a2", seconds: 0 },
    { body: "a3", seconds: 0 },
  ]);
  expect(table.asked).toEqual(["a1"]);
});

test("before its time a message takes no room, and in its group those behind it go back; other groups go on", async () => {
  for (const [id, group] of [
    ["x1", "x"],
    ["a1", "a"],
    ["a2", "a"],
    ["b1", "b"],
  ] as const)
    queue.put(id, group);
  table.claimResult = (id) =>
    id === "a1" || id === "x1" ? { action: { kind: "later", afterMs: 39_600_000 }, why: "delayed" } : undefined;
  const hands = bench.hands(4);
  const poller = bench.poller({ concurrency: 4 });
  poller.consume(hands).wake();
  await hands.got(1);
  await bench.until(() => queue.hidden.length >= 3);
  hands.room = 0;
  expect(queue.hidden.slice(0, 3)).toEqual([
    { body: "x1", seconds: 39_600 },
    { body: "a1", seconds: 39_600 },
    { body: "a2", seconds: 0 },
  ]);
  expect(hands.all[0]).toBe("b1");
  expect(poller.running).toBe(hands.held.length);
});

test("where the end of a run cannot be recorded, the caller hears of it and the message comes again after the lease", async () => {
  queue.put("e");
  table.settleAction = () => {
    throw new BusError("unavailable", "the table does not answer");
  };
  const hands = bench.hands(1);
  const poller = bench.poller();
  poller.consume(hands).wake();
  await hands.got(1);
  const [delivery] = hands.held;
  if (delivery === undefined) throw new Error("nothing was handed over");
  await expect(poller.settle(delivery, done)).rejects.toMatchObject({ code: "unavailable" });
  await bench.until(() => queue.hidden.length === 1);
  expect(queue.hidden).toEqual([{ body: "e", seconds: 30 }]);
});

test("a queue that cannot be read is reported, and read again after a while", async () => {
  const { ReceiveMessage } = queue.operations;
  let failures = 0;
  await bench.start({
    ...queue.operations,
    ReceiveMessage: (input, signal) => {
      failures += 1;
      if (failures === 1) throw new ServiceError("QueueDoesNotExist");
      return ReceiveMessage?.(input, signal) ?? {};
    },
  });
  queue.put("e");
  const hands = bench.hands(1);
  bench.poller().consume(hands).wake();
  await hands.got(1);
  expect(bench.errors).toMatchObject([{ code: "not_found" }]);
});

test("closing ends a long poll at once, and waits for nothing that runs", async () => {
  const hands = bench.hands(1);
  const poller = bench.poller();
  poller.consume(hands).wake();
  await bench.until(() => queue.count("ReceiveMessage") === 1);
  await poller.close();
  expect(bench.errors).toEqual([]);
});
