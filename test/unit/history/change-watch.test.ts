import { expect, test } from "vitest";
import { ChangeWatch } from "../../../lib/history/change-watch.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

function watching() {
  const clock = new ManualClock();
  const engine = new FakeEngine({ clock });
  return { clock, engine, watch: new ChangeWatch(engine, clock) };
}

/** Whether a wait has ended, and how. */
async function state(wait: Promise<boolean>): Promise<boolean | "waiting"> {
  await turn();
  return Promise.race([wait, Promise.resolve("waiting" as const)]);
}

test("the engine is watched only while somebody uses it, and once for all", () => {
  const { engine, watch } = watching();
  const [one, other] = [watch.use(), watch.use()];
  expect(engine.watchers).toBe(1);
  one();
  one();
  expect(engine.watchers).toBe(1);
  other();
  expect(engine.watchers).toBe(0);
  watch.use();
  expect(engine.watchers).toBe(1);
});

test("a change ends every wait, and is numbered", async () => {
  const { engine, watch } = watching();
  watch.use();
  const { seen } = watch;
  const waits = Array.from({ length: 3 }, () => watch.after(seen, {}));
  expect(await Promise.all(waits.map(state))).toEqual(["waiting", "waiting", "waiting"]);
  engine.tellChanges();
  expect(await Promise.all(waits)).toEqual([true, true, true]);
  expect(watch.seen).toBe(seen + 1);
});

test("a change between a look and the wait is not missed", async () => {
  const { engine, watch } = watching();
  watch.use();
  const { seen } = watch;
  engine.tellChanges();
  await turn();
  expect(await watch.after(seen, {})).toBe(true);
  expect(await state(watch.after(watch.seen, {}))).toBe("waiting");
});

test("the deadline ends a wait without a change, also one that has passed already", async () => {
  const { clock, watch } = watching();
  watch.use();
  const wait = watch.after(0, { deadline: clock.now() + 1_000 });
  await clock.advance(999);
  expect(await state(wait)).toBe("waiting");
  await clock.advance(1);
  expect(await wait).toBe(false);
  const late = watch.after(0, { deadline: clock.now() - 1 });
  await clock.advance(0);
  expect(await late).toBe(false);
});

test("the signal ends a wait; one that has fired already waits for nothing", async () => {
  const { watch } = watching();
  watch.use();
  const controller = new AbortController();
  const wait = watch.after(0, { signal: controller.signal });
  expect(await state(wait)).toBe("waiting");
  controller.abort();
  expect(await wait).toBe(false);
  expect(await watch.after(0, { signal: controller.signal })).toBe(false);
});

test("a wait that has ended leaves no timer behind", async () => {
  const { clock, engine, watch } = watching();
  watch.use();
  const byChange = watch.after(0, { deadline: clock.now() + 1_000 });
  expect(clock.nextDue).toBeDefined();
  engine.tellChanges();
  await byChange;
  expect(clock.nextDue).toBeUndefined();
});

test("a wait without a deadline keeps the process alive only where it is told to", async () => {
  const { clock, watch } = watching();
  watch.use();
  const kept: unknown[] = [];
  const setTimer = clock.setTimer;
  clock.setTimer = (run, ms, options?: { keepAlive?: boolean }) => {
    kept.push(options?.keepAlive);
    return setTimer(run, ms);
  };
  void watch.after(0, {});
  expect(kept).toEqual([]);
  void watch.after(0, { keepAlive: true });
  void watch.after(0, { deadline: clock.now() + 1 });
  void watch.after(0, { deadline: clock.now() + 1, keepAlive: false });
  expect(kept).toEqual([true, true, false]);
});
