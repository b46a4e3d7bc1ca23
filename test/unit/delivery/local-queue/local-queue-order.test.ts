import { expect, test } from "vitest";
import { aRecord } from "../../../support/a-record.ts";
import { failure, queueOf } from "./a-queue.ts";

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
