import fc from "fast-check";
import { expect, test } from "vitest";
import { PriorityQueue, type Queued } from "../../../../lib/delivery/local-queue/priority-queue.ts";

const drain = (queue: PriorityQueue<Queued>): Queued[] => {
  const items: Queued[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
};

const byUrgencyThenAge = (one: Queued, other: Queued) => one.priority - other.priority || one.order - other.order;

test("nothing comes from an empty queue", () => {
  const queue = new PriorityQueue();
  expect(queue.shift()).toBeUndefined();
  expect([...queue]).toEqual([]);
});

test("urgent first, then oldest first, also what comes back in", () => {
  const item = fc.record({ priority: fc.integer({ min: 1, max: 10 }), order: fc.nat({ max: 1_000 }) });
  const step = fc.oneof({ weight: 3, arbitrary: item }, { weight: 2, arbitrary: fc.constant("shift" as const) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new PriorityQueue();
      const model: Queued[] = [];
      for (const one of steps) {
        if (one === "shift") {
          model.sort(byUrgencyThenAge);
          expect(queue.shift()).toEqual(model.shift());
        } else {
          queue.push(one);
          model.push(one);
        }
        expect(queue.size).toBe(model.length);
      }
      expect([...queue]).toEqual(model.sort(byUrgencyThenAge));
      expect(drain(queue)).toEqual(model);
    }),
    { numRuns: 500 },
  );
});

test("a long queue that is never empty keeps its order", () => {
  const queue = new PriorityQueue();
  let next = 0;
  for (let order = 0; order < 10_000; order += 1) {
    queue.push({ priority: 5, order });
    if (order % 3 !== 0) expect(queue.shift()?.order).toBe(next++);
  }
  expect(drain(queue).map(({ order }) => order)).toEqual(
    Array.from({ length: 10_000 - next }, (_, index) => next + index),
  );
});
