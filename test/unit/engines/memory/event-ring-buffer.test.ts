import fc from "fast-check";
import { expect, test } from "vitest";
import { EventRingBuffer } from "../../../../lib/engines/memory/event-ring-buffer.ts";
import { anEvent } from "../../../support/an-event.ts";

function ringOf(capacity: number, count: number): EventRingBuffer {
  const ring = new EventRingBuffer(capacity);
  for (let index = 1; index <= count; index += 1) ring.push(anEvent({ id: `e${index}` }), index * 10);
  return ring;
}

const ids = (kept: Iterable<{ event: { id: string } }>) => [...kept].map(({ event }) => event.id);

test("keeps the last ones, and reads them in both directions", () => {
  const capacity = fc.integer({ min: 1, max: 8 });
  fc.assert(
    fc.property(capacity, fc.nat({ max: 25 }), fc.nat({ max: 30 }), (size, count, position) => {
      const ring = ringOf(size, count);
      const first = Math.max(1, count - size + 1);
      const kept = Array.from({ length: Math.max(0, count - first + 1) }, (_, index) => first + index);
      expect(ids(ring.oldestFirst())).toEqual(kept.map((at) => `e${at}`));
      expect(ids(ring.newestFirst())).toEqual(kept.toReversed().map((at) => `e${at}`));
      expect(ids(ring.oldestFirst(position))).toEqual(kept.filter((at) => at > position).map((at) => `e${at}`));
      expect(ids(ring.newestFirst(position))).toEqual(
        kept
          .filter((at) => at < position)
          .toReversed()
          .map((at) => `e${at}`),
      );
      for (let at = 1; at <= count; at += 1) {
        expect(ring.get(`e${at}`)?.id).toBe(at < first ? undefined : `e${at}`);
        expect(ring.positionOf(`e${at}`)).toBe(at < first ? undefined : at);
      }
    }),
  );
});

test("the index by id follows what is pushed after it was made", () => {
  const ring = ringOf(2, 2);
  expect(ring.get("e1")).toBeDefined();
  ring.push(anEvent({ id: "e3" }), 30);
  expect(ring.get("e1")).toBeUndefined();
  expect(ring.get("e3")).toBeDefined();
});

test("the position before a time is just before the first event accepted then", () => {
  const ring = ringOf(3, 5);
  expect(ring.positionBefore(0)).toBe(2);
  expect(ring.positionBefore(40)).toBe(3);
  expect(ring.positionBefore(41)).toBe(4);
  expect(ring.positionBefore(60)).toBe(5);
});

test("reads on from a position in steps, and stays there at the end", () => {
  const ring = ringOf(10, 5);
  const first = ring.readAfter(0, 3);
  expect(ids(first.events)).toEqual(["e1", "e2", "e3"]);
  const second = ring.readAfter(first.position, 3);
  expect(ids(second.events)).toEqual(["e4", "e5"]);
  expect(ring.readAfter(second.position, 3)).toEqual({ events: [], position: second.position });
});

test("a reader that was overtaken goes on with the oldest kept", () => {
  expect(ids(ringOf(2, 10).readAfter(1, 5).events)).toEqual(["e9", "e10"]);
});

test("cleared, it is empty, and places go on rising", () => {
  const ring = ringOf(3, 5);
  ring.clear();
  expect(ids(ring.newestFirst())).toEqual([]);
  expect(ring.get("e5")).toBeUndefined();
  ring.push(anEvent({ id: "e6" }), 60);
  expect(ids(ring.readAfter(5, 10).events)).toEqual(["e6"]);
  expect(ids(ring.oldestFirst())).toEqual(["e6"]);
});
