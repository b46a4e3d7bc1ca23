import fc from "fast-check";
import { expect, test } from "vitest";
import { DeltaBuffer, streamOf } from "../../../lib/server/deltas/delta-buffer.ts";
import { anEvent } from "../../support/an-event.ts";

let count = 0;
const delta = (streamId: string, content = "a") => {
  count += 1;
  const event = anEvent({ type: "llm.text.delta", id: `d-${count}`, data: { content } });
  return { ...event, metadata: { ...event.metadata, streamId } };
};
const limits = { maxBytes: 1_000_000, maxStreamBytes: 1_000_000, idleMs: 1_000 };
const contents = (buffer: DeltaBuffer, from = 0) =>
  buffer.after(from, 10_000).map(({ event }) => Object(event.data).content);

test("one that comes twice is kept once, in the place of the first", () => {
  const buffer = new DeltaBuffer(() => 0, limits);
  const first = delta("s", "first");
  expect([buffer.add(first), buffer.add(delta("s", "second")), buffer.add(first)]).toEqual([true, true, false]);
  expect(contents(buffer)).toEqual(["first", "second"]);
});

test("a stream that is silent for too long goes; one that goes on stays whole", () => {
  let now = 0;
  const buffer = new DeltaBuffer(() => now, limits);
  buffer.add(delta("silent", "x"));
  buffer.add(delta("live", "a"));
  now = 900;
  buffer.add(delta("live", "b"));
  now = 1_000;
  buffer.dropIdle();
  expect(contents(buffer)).toEqual(["a", "b"]);
  now = 1_900;
  buffer.dropIdle();
  expect(buffer).toMatchObject({ isEmpty: true, bytes: 0 });
});

test("of a stream that is too long the beginning goes, and the first that is left says so", () => {
  const one = new DeltaBuffer(() => 0, limits);
  one.add(delta("s"));
  const buffer = new DeltaBuffer(() => 0, { ...limits, maxStreamBytes: 3 * one.bytes + 20 });
  for (const content of ["a", "b", "c", "d"]) buffer.add(delta("s", content));
  expect(contents(buffer)).toEqual(["b", "c", "d"]);
  expect(buffer.after(0, 10).map((kept) => buffer.isCutBefore(kept))).toEqual([true, false, false]);
  expect(buffer.droppedUpTo).toBe(1);
});

test("of too many streams those go that were silent longest, whole", () => {
  const one = new DeltaBuffer(() => 0, limits);
  one.add(delta("s"));
  const buffer = new DeltaBuffer(() => 0, { ...limits, maxBytes: 4 * one.bytes + 20 });
  for (const [stream = "", content = ""] of ["a1", "b1", "a2", "c1", "d1"].map((text) => [text[0], text])) {
    buffer.add(delta(stream, content));
  }
  expect(contents(buffer)).toEqual(["a1", "a2", "c1", "d1"]);
});

test("a reader is told of what it misses, and of nothing else", () => {
  const one = new DeltaBuffer(() => 0, limits);
  one.add(delta("s"));
  const buffer = new DeltaBuffer(() => 0, { ...limits, maxStreamBytes: 2 * one.bytes + 20 });
  const [start, middle] = [
    { upTo: 0, missed: false },
    { upTo: 1, missed: false },
  ];
  for (const cursor of [start, middle]) buffer.track(cursor);
  for (const content of ["a", "b", "c"]) buffer.add(delta("s", content));
  expect([start.missed, middle.missed]).toEqual([true, false]);
  buffer.add(delta("s", "d"));
  expect(middle.missed).toBe(true);
});

test("whatever comes and goes: bounds hold, nothing is twice, order is that of arrival, and a text has no hole", () => {
  const step = fc.record({
    stream: fc.constantFrom("a", "b", "c"),
    size: fc.integer({ min: 0, max: 500 }),
    waitMs: fc.nat(400),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), (steps, from) => {
      let now = 0;
      const bounds = { maxBytes: 6_000, maxStreamBytes: 3_000, idleMs: 1_000 };
      const buffer = new DeltaBuffer(() => now, bounds);
      const all: string[] = [];
      const byStream = new Map<string, string[]>();
      for (const { stream, size, waitMs } of steps) {
        now += waitMs;
        const event = delta(stream, "x".repeat(size));
        buffer.add(event);
        all.push(event.id);
        byStream.set(stream, [...(byStream.get(stream) ?? []), event.id]);
        expect(buffer.bytes).toBeLessThanOrEqual(bounds.maxBytes);
      }
      const kept = buffer.after(0, 1_000);
      const ids = kept.map(({ event }) => event.id);
      expect(ids).toEqual(all.filter((id) => ids.includes(id)));
      for (const [stream, whole] of byStream) {
        const left = kept.filter(({ event }) => streamOf(event) === `stream ${stream}`).map(({ event }) => event.id);
        expect(left).toEqual(left.length === 0 ? [] : whole.slice(-left.length));
      }
      expect(buffer.after(from, 5)).toEqual(kept.filter(({ seq }) => seq > from).slice(0, 5));
    }),
  );
});
