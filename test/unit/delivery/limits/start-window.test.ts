import fc from "fast-check";
import { expect, test } from "vitest";
import { LatestTimes } from "../../../../lib/delivery/limits/latest-times.ts";
import { StartWindow } from "../../../../lib/delivery/limits/start-window.ts";
import { Timeline } from "./timeline.ts";

/** Brings deliveries at their times, and again whenever they are told to; the lateness of each return is given. */
function brought(window: StartWindow, arrivals: readonly number[], lateness: (look: number) => number) {
  const timeline = new Timeline();
  const starts: { delivery: number; at: number }[] = [];
  const looks = arrivals.map(() => 0);
  const bring = (delivery: number) => (now: number) => {
    looks[delivery] = (looks[delivery] ?? 0) + 1;
    const waitMs = window.take(`d${delivery}`, now);
    if (waitMs === 0) starts.push({ delivery, at: now });
    else timeline.at(now + waitMs + lateness(looks[delivery]), bring(delivery));
  };
  for (const [delivery, at] of arrivals.entries()) timeline.at(at, bring(delivery));
  timeline.run();
  return { starts, looks };
}

test("as many begin at once as the limit says, the others in their order, each told to wait once", () => {
  const { starts, looks } = brought(new StartWindow(2, 100), [0, 0, 0, 30, 30], () => 0);
  expect(starts).toEqual([
    { delivery: 0, at: 0 },
    { delivery: 1, at: 0 },
    { delivery: 2, at: 100 },
    { delivery: 3, at: 100 },
    { delivery: 4, at: 200 },
  ]);
  expect(looks).toEqual([1, 1, 2, 2, 2]);
});

test("who comes later does not take the slot of one that waits", () => {
  const window = new StartWindow(1, 100);
  expect(window.take("first", 0)).toBe(0);
  expect(window.take("waits", 10)).toBe(90);
  expect(window.take("later", 99)).toBe(101);
  expect(window.take("waits", 50)).toBe(50);
  expect(window.take("waits", 100)).toBe(0);
  expect(window.take("later", 200)).toBe(0);
});

test("one that comes late begins at once if the limit allows, else behind those that wait", () => {
  const window = new StartWindow(1, 100);
  for (const [delivery, waitMs] of [
    ["a", 0],
    ["b", 100],
    ["c", 200],
    ["d", 300],
  ] as const) {
    expect(window.take(delivery, 0)).toBe(waitMs);
  }
  expect(window.take("b", 190)).toBe(0);
  // Its own slot is too near to the late one.
  expect(window.take("c", 200)).toBe(200);
  expect(window.take("d", 300)).toBe(0);
  expect(window.take("c", 400)).toBe(0);
});

test("one that is new keeps away from one that came late", () => {
  const window = new StartWindow(1, 100);
  window.take("a", 0);
  window.take("b", 0);
  expect(window.take("b", 190)).toBe(0);
  expect(window.take("new", 210)).toBe(80);
  expect(window.take("new", 290)).toBe(0);
});

test("a slot whose owner does not come back is lost, and no other", () => {
  const window = new StartWindow(1, 100);
  window.take("a", 0);
  window.take("taken elsewhere", 0);
  expect(window.take("b", 150)).toBe(50);
  expect(window.take("b", 200)).toBe(0);
  expect(window.idle(299)).toBe(false);
  expect(window.idle(300)).toBe(true);
});

test("tells how many are free, and when the next one may be", () => {
  const window = new StartWindow(2, 100);
  expect(window.free(0)).toBe(2);
  window.take("a", 0);
  window.take("b", 40);
  expect(window.free(40)).toBe(0);
  expect(window.nextFreeAt(40)).toBe(100);
  expect(window.free(100)).toBe(1);
  window.take("c", 100);
  expect(window.nextFreeAt(100)).toBe(140);
  expect(window.take("waits", 100)).toBe(40);
  // The one that comes free is for the one that waits.
  expect(window.free(140)).toBe(0);
  expect(window.take("waits", 140)).toBe(0);
});

test("nobody waits for what a clock said that was set back", () => {
  const window = new StartWindow(1, 100);
  window.take("a", 1_000_000);
  window.take("b", 1_000_000);
  expect(window.take("c", 5)).toBe(0);
  expect(window.take("d", 5)).toBe(100);
});

test("never more than the limit in any span, and everything begins in the end, however late it comes back", () => {
  const late = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(250) });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.nat(500), { maxLength: 60 }),
      fc.infiniteStream(late),
      (limit, per, arrivals, lateness) => {
        const { starts } = brought(new StartWindow(limit, per), arrivals, () => lateness.next().value ?? 0);
        expect(starts.map(({ delivery }) => delivery).toSorted((a, b) => a - b)).toEqual([...arrivals.keys()]);
        for (const [index, { at }] of starts.entries()) {
          const later = starts[index + limit];
          if (later !== undefined) expect(later.at - at).toBeGreaterThanOrEqual(per);
        }
      },
    ),
  );
});

test("on time, each is told to wait once at most, and no slot is left empty while one waits", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.nat(300), { minLength: 1, maxLength: 60 }),
      (limit, per, unsorted) => {
        const arrivals = unsorted.toSorted((a, b) => a - b);
        const { starts, looks } = brought(new StartWindow(limit, per), arrivals, () => 0);
        expect(Math.max(...looks)).toBeLessThanOrEqual(2);
        // The best that can be: each as soon as it is there and the one `limit` before it allows.
        const best: number[] = [];
        for (const [index, arrival] of arrivals.entries()) {
          best.push(Math.max(arrival, (best[index - limit] ?? -per) + per));
        }
        expect(starts.map(({ at }) => at)).toEqual(best);
      },
    ),
  );
});

test("the latest times are counted and found as in a plain list", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.nat(9), { maxLength: 20 }),
      fc.nat(100),
      (length, steps, time) => {
        const times = new LatestTimes(length);
        const all: number[] = [];
        for (const step of steps) {
          all.push((all.at(-1) ?? 0) + step);
          times.push(all.at(-1) ?? 0);
        }
        const kept = all.slice(-length);
        expect(times.last).toBe(kept.at(-1));
        expect(times.first).toBe(kept.length === length ? kept[0] : undefined);
        expect(times.countAfter(time)).toBe(kept.filter((one) => one > time).length);
        expect(times.firstAfter(time)).toBe(kept.find((one) => one > time));
      },
    ),
  );
});
