import { expect, test } from "vitest";
import { LocalQueue } from "../../../../lib/delivery/local-queue/local-queue.ts";
import { aRecord } from "../../../support/a-record.ts";
import { anEvent } from "../../../support/an-event.ts";
import { queueOf } from "./a-queue.ts";

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
