import { expect, test } from "vitest";
import { DeliveryItem } from "../../../../lib/delivery/local-queue/delivery-item.ts";
import { LocalQueue } from "../../../../lib/delivery/local-queue/local-queue.ts";
import type { Delivery, Failure } from "../../../../lib/engine/delivery.ts";
import type { SubscriptionRecord } from "../../../../lib/subscription/subscription.ts";
import { ManualClock } from "../../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../../support/a-record.ts";
import { anEvent } from "../../../support/an-event.ts";

const failure: Failure = { code: "handler_error", message: "broken", at: "2026-01-01T00:00:00.000Z", attempt: 1 };

function queueOf(parts: Partial<SubscriptionRecord> = {}) {
  const clock = new ManualClock();
  const deadLetters: { id: string; code: string }[] = [];
  const queue = new LocalQueue(
    {
      clock,
      schedule: () => {},
      changed: () => {},
      deadLetter: (item, reason) => deadLetters.push({ id: item.event.id, code: reason.code }),
    },
    aRecord(parts),
    false,
  );
  let order = 0;
  const running = new Map<string, DeliveryItem>();
  /** A consumer with room for some deliveries; gives the ids of what it took. */
  const consumer = (capacity = 1_000) => {
    const taken: string[] = [];
    const deliver = (delivery: Delivery) => {
      if (!(delivery instanceof DeliveryItem)) throw new Error("not of this queue");
      taken.push(delivery.event.id);
      running.set(delivery.event.id, delivery);
    };
    const one = { capacity: () => capacity - taken.length, deliver, expired: () => {} };
    return { taken, ...queue.consume(one) };
  };
  const add = (id: string, key?: string, priority = 5, delayMs = 0) => {
    order += 1;
    const delay = delayMs > 0 ? { deliverAt: new Date(clock.now() + delayMs).toISOString() } : {};
    queue.add(anEvent({ id, data: { key }, metadata: { priority, ...delay } }), order, clock.now());
  };
  const item = (id: string): DeliveryItem => {
    const found = running.get(id);
    if (found === undefined) throw new Error(`${id} does not run`);
    running.delete(id);
    return found;
  };
  return { queue, clock, deadLetters, consumer, add, item };
}

test("hands over no more than concurrency allows, over all consumers", () => {
  const { queue, consumer, add, item } = queueOf({ concurrency: 3 });
  const [one, other] = [consumer(2), consumer(2)];
  for (const id of ["a", "b", "c", "d"]) add(id);
  queue.pump();
  expect([...one.taken, ...other.taken].toSorted()).toEqual(["a", "b", "c"]);
  queue.settle(item("a"), { kind: "done" });
  queue.pump();
  expect([...one.taken, ...other.taken]).toContain("d");
});

test("consumers take turns, and a stopped one gets nothing more", () => {
  const { queue, consumer, add } = queueOf();
  const [one, other] = [consumer(), consumer()];
  add("a");
  add("b");
  queue.pump();
  expect([one.taken.length, other.taken.length]).toEqual([1, 1]);
  one.stop();
  add("c");
  add("d");
  queue.pump();
  expect([one.taken.length, other.taken.length]).toEqual([1, 3]);
});

test("a retry waits its time, comes before what is younger, and counts its attempt", async () => {
  const { queue, clock, consumer, add, item } = queueOf({ concurrency: 1 });
  const { taken } = consumer();
  add("a");
  add("b");
  queue.pump();
  const first = item("a");
  queue.settle(first, { kind: "retry", afterMs: 1_000, failure });
  add("c");
  expect(queue.state(0)).toMatchObject({ waiting: 2, delayed: 1, running: 0 });
  queue.pump();
  await clock.advance(1_000);
  queue.settle(item("b"), { kind: "done" });
  queue.pump();
  expect(taken).toEqual(["a", "b", "a"]);
  expect(first).toMatchObject({ attempt: 2, failures: [failure] });
});

test("a delayed event is handed over at its time, by priority and acceptance among what waits then", async () => {
  const { queue, clock, consumer, add } = queueOf({ concurrency: 1 });
  add("later", undefined, 5, 1_000);
  add("urgent", undefined, 1, 1_000);
  add("now");
  expect(queue.state(0)).toMatchObject({ waiting: 1, delayed: 2 });
  expect([...queue.items()].find(({ event }) => event.id === "later")).toMatchObject({
    state: "delayed",
    dueAt: clock.now() + 1_000,
    attempt: 0,
  });
  await clock.advance(999);
  expect(queue.state(0)).toMatchObject({ waiting: 1, delayed: 2 });
  await clock.advance(1);
  expect(queue.state(0)).toMatchObject({ waiting: 3, delayed: 0 });
  const { taken } = consumer(3);
  queue.pump();
  expect(taken).toEqual(["urgent"]);
});

test("a timer that fires early hands nothing over before its time", async () => {
  const { queue, clock, consumer, add } = queueOf();
  const { taken } = consumer();
  const { setTimer } = clock;
  clock.setTimer = (run, ms) => setTimer(run, ms > 1 ? ms - 1 : ms);
  add("later", undefined, 5, 10);
  await clock.advance(9);
  queue.pump();
  expect(taken).toEqual([]);
  await clock.advance(1);
  queue.pump();
  expect(taken).toEqual(["later"]);
});

test("a delayed event is due at its deliverAt, even if the clock ticks while it is queued", () => {
  let now = 1_000;
  const tick = () => {
    now += 1;
    return now;
  };
  const clock = { now: tick, setTimer: () => undefined, clearTimer: () => {} };
  const queue = new LocalQueue(
    { clock, schedule: () => {}, changed: () => {}, deadLetter: () => {} },
    aRecord(),
    false,
  );
  const deliverAt = "1970-01-01T00:01:00.000Z";
  const event = anEvent({ id: "a", metadata: { deliverAt } });
  queue.add(event, 1, now);
  expect(queue.pending(event.metadata.correlationId)).toMatchObject([{ state: "delayed", dueAt: deliverAt }]);
});

test("ordered: a delayed event holds its place in its key, as head and behind one", async () => {
  const { queue, clock, consumer, add, item } = queueOf({ ordered: "data.key" });
  const { taken } = consumer();
  add("x1", "x", 5, 1_000);
  add("x2", "x");
  add("y1", "y");
  add("y2", "y", 5, 5_000);
  add("y3", "y");
  queue.pump();
  expect(taken).toEqual(["y1"]);
  queue.settle(item("y1"), { kind: "done" });
  queue.pump();
  expect(taken).toEqual(["y1"]);
  expect(queue.state(0)).toMatchObject({ waiting: 2, delayed: 2 });
  await clock.advance(1_000);
  queue.pump();
  queue.settle(item("x1"), { kind: "done" });
  queue.pump();
  expect(taken).toEqual(["y1", "x1", "x2"]);
  await clock.advance(4_000);
  queue.pump();
  queue.settle(item("y2"), { kind: "done" });
  queue.pump();
  expect(taken).toEqual(["y1", "x1", "x2", "y2", "y3"]);
});

test("maxBacklog counts what is delayed", () => {
  const { deadLetters, add } = queueOf({ maxBacklog: 1 });
  add("a", undefined, 5, 1_000);
  add("b");
  expect(deadLetters).toEqual([{ id: "b", code: "overflow" }]);
});

test("what was released has made no attempt", () => {
  const { queue, consumer, add, item } = queueOf();
  const { taken } = consumer();
  add("a");
  queue.pump();
  const released = item("a");
  queue.settle(released, { kind: "released" });
  queue.pump();
  expect(taken).toEqual(["a", "a"]);
  expect(released.attempt).toBe(1);
});

test("what was released for a time comes after it, holds its key, and has made no attempt", async () => {
  const { queue, clock, consumer, add, item } = queueOf({ ordered: "data.key" });
  const { taken } = consumer();
  add("x1", "x");
  add("x2", "x");
  add("y1", "y");
  queue.pump();
  const released = item("x1");
  queue.settle(released, { kind: "released", afterMs: 1_000 });
  queue.pump();
  expect(taken).toEqual(["x1", "y1"]);
  expect(released).toMatchObject({ attempt: 0, state: "delayed", dueAt: clock.now() + 1_000 });
  await clock.advance(1_000);
  queue.pump();
  expect(taken).toEqual(["x1", "y1", "x1"]);
  queue.settle(item("x1"), { kind: "done" });
  queue.pump();
  expect(taken.at(-1)).toBe("x2");
  queue.settle(item("x2"), { kind: "released", afterMs: 0 });
  queue.pump();
  expect(taken.at(-1)).toBe("x2");
});

test("ordered: the next of a key waits until the one before is over, also while that is retried", async () => {
  const { queue, clock, consumer, add, item } = queueOf({ ordered: "data.key" });
  const { taken } = consumer();
  add("x1", "x");
  add("x2", "x");
  add("y1", "y");
  add("x3", "x", 1);
  queue.pump();
  expect(taken).toEqual(["x1", "y1"]);
  expect(queue.state(0)).toMatchObject({ waiting: 2, running: 2 });
  queue.settle(item("x1"), { kind: "retry", afterMs: 1_000, failure });
  queue.pump();
  expect(taken).toEqual(["x1", "y1"]);
  await clock.advance(1_000);
  queue.pump();
  queue.settle(item("x1"), { kind: "dead", failure });
  queue.pump();
  expect(taken).toEqual(["x1", "y1", "x1", "x2"]);
  queue.settle(item("x2"), { kind: "dropped" });
  queue.pump();
  expect(taken.at(-1)).toBe("x3");
  expect(queue.backlog).toBe(0);
});

test("ordered: across keys the most urgent head goes first", () => {
  const { queue, consumer, add } = queueOf({ ordered: "data.key" });
  const { taken } = consumer();
  add("x1", "x", 9);
  add("y1", "y", 1);
  add("x2", "x", 1);
  queue.pump();
  expect(taken).toEqual(["y1", "x1"]);
});

test("maxBacklog: what comes above it becomes a dead letter; running ones do not count", () => {
  const { queue, deadLetters, consumer, add } = queueOf({ maxBacklog: 2, concurrency: 1, ordered: "data.key" });
  consumer();
  add("a", "k");
  queue.pump();
  for (const id of ["b", "c", "d"]) add(id, "k");
  expect(deadLetters).toEqual([{ id: "d", code: "overflow" }]);
  expect(queue.backlog).toBe(2);
});

test("ordered taken away: what waited behind its key goes", () => {
  const { queue, consumer, add } = queueOf({ ordered: "data.key" });
  const { taken } = consumer();
  for (const id of ["a", "b", "c"]) add(id, "k");
  queue.pump();
  queue.change(aRecord());
  queue.pump();
  expect(taken).toEqual(["a", "b", "c"]);
  expect(queue.backlog).toBe(0);
});

test("ordered given later: what waits is put in order by it", () => {
  const { queue, consumer, add, item } = queueOf();
  for (const id of ["a", "b", "c"]) add(id, "k");
  queue.change(aRecord({ ordered: "data.key" }));
  const { taken } = consumer();
  queue.pump();
  expect(taken).toEqual(["a"]);
  queue.settle(item("a"), { kind: "done" });
  queue.pump();
  expect(taken).toEqual(["a", "b"]);
});

test("the state tells the oldest of all that is under way", async () => {
  const { queue, clock, consumer, add } = queueOf({ concurrency: 1 });
  expect(queue.state(0).oldestAgeMs).toBe(0);
  consumer();
  add("a");
  queue.pump();
  await clock.advance("5s");
  add("b");
  expect(queue.state(7)).toMatchObject({ oldestAgeMs: 5_000, waiting: 1, running: 1, deadLetters: 7 });
});

test("cleared, nothing is left to come", async () => {
  const { queue, clock, consumer, add, item } = queueOf({ ordered: "data.key" });
  const { taken } = consumer();
  add("a", "k");
  add("b", "k");
  queue.pump();
  queue.settle(item("a"), { kind: "retry", afterMs: 1_000, failure });
  queue.clear();
  await clock.advance("1h");
  queue.pump();
  expect(taken).toEqual(["a"]);
  expect(queue.state(0)).toMatchObject({ waiting: 0, delayed: 0, running: 0 });
  add("c", "k");
  queue.pump();
  expect(taken).toEqual(["a", "c"]);
});

test("many ordered keys under way do not make each delivery cost more", () => {
  const keys = 50_000;
  const { queue, consumer, add, item } = queueOf({ ordered: "data.key", concurrency: 1, maxBacklog: keys });
  const { taken } = consumer(Number.POSITIVE_INFINITY);
  // Of the processor: on a busy machine the clock says nothing.
  const before = process.cpuUsage();
  for (let index = 0; index < keys; index += 1) add(`e${index}`, `k${index}`);
  for (let left = keys; left > 0; left -= 1) {
    queue.pump();
    queue.settle(item(taken.at(-1) ?? ""), { kind: "done" });
    if (queue.backlog !== left - 1) throw new Error(`backlog is ${queue.backlog}`);
  }
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
});

test("settles nothing of a deleted queue that had its name, whatever still ran there", () => {
  const [deleted, made] = [queueOf({ concurrency: 2 }), queueOf({ concurrency: 2 })];
  deleted.consumer();
  made.consumer();
  for (const id of ["a", "b"]) deleted.add(id);
  deleted.queue.pump();
  made.add("c");
  made.queue.pump();
  for (const id of ["a", "b"]) made.queue.settle(deleted.item(id), { kind: "retry", afterMs: 0, failure });
  expect(made.queue.state(0)).toMatchObject({ running: 1, delayed: 0, waiting: 0 });
});
