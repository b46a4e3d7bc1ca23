import fc from "fast-check";
import { expect, test } from "vitest";
import { KeySlots } from "../../../../lib/delivery/limits/key-slots.ts";
import { Timeline } from "./timeline.ts";

interface Job {
  readonly at: number;
  readonly key: string;
  readonly lasts: number;
}

/** Runs jobs as a queue would that has room for all; gives the most at once of a key, the looks at each, and the end. */
function work(limit: number, jobs: readonly Job[]) {
  const slots = new KeySlots(limit);
  const timeline = new Timeline();
  const running = new Map<string, number>();
  const looks = jobs.map(() => 0);
  let most = 0;
  let done = 0;
  const bring =
    (index: number, { key, lasts }: Job) =>
    (now: number) => {
      looks[index] = (looks[index] ?? 0) + 1;
      const waitMs = slots.waitMs(key, `d${index}`, now);
      if (waitMs > 0) {
        timeline.at(now + waitMs, bring(index, { at: now, key, lasts }));
        return;
      }
      slots.begin(key, `d${index}`, now);
      running.set(key, (running.get(key) ?? 0) + 1);
      most = Math.max(most, running.get(key) ?? 0);
      timeline.at(now + lasts, (end) => {
        running.set(key, (running.get(key) ?? 0) - 1);
        slots.end(key, now, end, { ran: true });
        done += 1;
      });
    };
  for (const [index, job] of jobs.entries()) timeline.at(job.at, bring(index, job));
  const end = timeline.run();
  return { most, looks, done, end, average: looks.reduce((sum, look) => sum + look, 0) / jobs.length };
}

const many = (count: number, parts: Partial<Job> = {}): Job[] =>
  Array.from({ length: count }, () => ({ at: 0, key: "a", lasts: 50, ...parts }));

test("one key never has more than its limit, and holds up no other", () => {
  const { most, looks, end } = work(1, [...many(3, { lasts: 1_000 }), { at: 5, key: "b", lasts: 10 }]);
  expect(most).toBe(1);
  expect(looks.at(-1)).toBe(1);
  expect(end).toBeLessThan(3_600);
});

test("its slots are used", () => {
  const { most } = work(4, many(40));
  expect(most).toBe(4);
});

test("what runs evenly is seldom looked at in vain, and its slots are seldom empty", () => {
  const { average, end } = work(2, many(200));
  expect(average).toBeLessThan(6);
  expect(end).toBeLessThan(1.3 * (200 / 2) * 50);
});

test("a run that hangs is not looked for all the time", () => {
  const { looks } = work(1, [{ at: 0, key: "a", lasts: 3_600_000 }, ...many(5, { at: 1 })]);
  expect(Math.max(...looks)).toBeLessThan(60);
});

test("a turn is kept against who comes later, and not for one that does not come", () => {
  const slots = new KeySlots(1);
  slots.begin("a", "runs", 0);
  const waitMs = slots.waitMs("a", "waits", 10);
  expect(waitMs).toBe(90);
  slots.end("a", 0, 95, { ran: true });
  expect(slots.waitMs("a", "later", 99)).toBeGreaterThan(0);
  expect(slots.waitMs("a", "waits", 100)).toBe(0);
  // It is taken by another process, so that it does not come back.
  expect(slots.waitMs("a", "later", 400)).toBe(0);
});

test("a run that was given back says nothing of how long runs last", () => {
  const [ran, not] = [new KeySlots(1), new KeySlots(1)];
  for (const slots of [ran, not]) {
    slots.begin("a", "first", 0);
    slots.end("a", 0, 80_000, { ran: slots === ran });
    slots.begin("a", "second", 80_000);
  }
  expect(ran.waitMs("a", "third", 80_000)).toBeGreaterThan(500);
  expect(not.waitMs("a", "third", 80_000)).toBe(100);
});

test("keys are forgotten once nothing of them runs or waits, also where what waits does not come back", () => {
  const slots = new KeySlots(1);
  for (let n = 0; n < 5_000; n += 1) {
    const [key, now] = [`k${n}`, n * 10];
    slots.begin(key, "runs", now);
    expect(slots.waitMs(key, "lost", now)).toBeGreaterThan(0);
    slots.end(key, now, now + 5, { ran: true });
  }
  expect(slots.keys).toBeLessThan(1_100);
});

test("another limit counts from now on", () => {
  const slots = new KeySlots(1);
  slots.begin("a", "first", 0);
  expect(slots.waitMs("a", "second", 0)).toBeGreaterThan(0);
  slots.change(2);
  expect(slots.waitMs("a", "second", 0)).toBe(0);
});

test("never more than the limit of a key at once, and everything runs in the end", () => {
  const job = fc.record({
    at: fc.nat(2_000),
    key: fc.constantFrom("a", "b", "c"),
    lasts: fc.oneof(fc.nat(20), fc.nat(3_000)),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(job, { maxLength: 60 }), (limit, jobs) => {
      const { most, done } = work(limit, jobs);
      expect(most).toBeLessThanOrEqual(limit);
      expect(done).toBe(jobs.length);
    }),
  );
});
