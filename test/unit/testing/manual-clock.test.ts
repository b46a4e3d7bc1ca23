import { expect, test } from "vitest";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";

test("the clock stands still until it is advanced", async () => {
  const clock = new ManualClock();
  expect(new Date(clock.now()).toISOString()).toBe("2026-01-01T00:00:00.000Z");
  await clock.advance("90s");
  expect(new Date(clock.now()).toISOString()).toBe("2026-01-01T00:01:30.000Z");
});

test("timers run at their own time, ordered by time and then by when they were set", async () => {
  const clock = new ManualClock(0);
  const seen: string[] = [];
  const at = (name: string, ms: number) => clock.setTimer(() => seen.push(`${name} at ${clock.now()}`), ms);
  at("b", 20);
  at("a", 10);
  at("b2", 20);
  at("never", 31);
  await clock.advance(30);
  expect(seen).toEqual(["a at 10", "b at 20", "b2 at 20"]);
  expect(clock.now()).toBe(30);
  expect(clock.nextDue).toBe(31);
});

test("a timer set by another timer runs if it falls due, after pending promises", async () => {
  const clock = new ManualClock(0);
  const seen: string[] = [];
  clock.setTimer(() => {
    seen.push("first");
    Promise.resolve().then(() => seen.push("promise"));
    clock.setTimer(() => seen.push("second"), 5);
  }, 10);
  await clock.advance(15);
  expect(seen).toEqual(["first", "promise", "second"]);
});

test("a cleared timer does not run, and one in the past runs at the next advance", async () => {
  const clock = new ManualClock(0);
  const seen: string[] = [];
  clock.clearTimer(clock.setTimer(() => seen.push("cleared"), 1));
  clock.clearTimer(undefined);
  clock.setTimer(() => seen.push("past"), -5);
  await clock.advance(0);
  expect(seen).toEqual(["past"]);
  expect(clock.nextDue).toBeUndefined();
});

test("set changes the time in either direction without running timers", () => {
  const clock = new ManualClock();
  let ran = false;
  clock.setTimer(() => {
    ran = true;
  }, 1);
  clock.set("2030-01-01T00:00:00Z");
  clock.set(new Date(0));
  expect(clock.now()).toBe(0);
  expect(ran).toBe(false);
});
