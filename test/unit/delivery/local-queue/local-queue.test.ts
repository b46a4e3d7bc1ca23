import { expect, test } from "vitest";
import { failure, queueOf } from "./a-queue.ts";

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

test("maxBacklog: what comes above it becomes a dead letter; running ones do not count", () => {
  const { queue, deadLetters, consumer, add } = queueOf({ maxBacklog: 2, concurrency: 1, ordered: "data.key" });
  consumer();
  add("a", "k");
  queue.pump();
  for (const id of ["b", "c", "d"]) add(id, "k");
  expect(deadLetters).toEqual([{ id: "d", code: "overflow" }]);
  expect(queue.backlog).toBe(2);
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
