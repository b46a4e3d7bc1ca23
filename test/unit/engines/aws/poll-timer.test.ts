import { expect, test, vi } from "vitest";
import { ChangeSignal } from "../../../../lib/engine/change-signal.ts";
import { PollTimer } from "../../../../lib/engines/aws/poll-timer.ts";
import { ManualClock } from "../../../../lib/testing/manual-clock.ts";

function setUp() {
  const clock = new ManualClock();
  const due = vi.fn(() => changes.notify());
  const timer = new PollTimer(clock, due);
  const changes = new ChangeSignal({ onFirst: () => timer.start(), onLast: () => timer.stop() });
  return { clock, timer, changes, due };
}

test("listeners are called while there are any, often at first, then every second", async () => {
  const { clock, changes, due } = setUp();
  let calls = 0;
  const unwatch = changes.watch(() => {
    calls += 1;
  });
  await clock.advance("4s");
  expect(calls).toBe(10);
  await clock.advance("20s");
  calls = 0;
  await clock.advance("20s");
  expect(calls).toBe(20);
  unwatch();
  due.mockClear();
  await clock.advance("20s");
  expect(due).not.toHaveBeenCalled();
});

test("where something comes all the time polls are quicker, and quickest where something was published before", async () => {
  const { clock, timer, changes } = setUp();
  let calls = 0;
  changes.watch(() => {
    calls += 1;
    timer.somethingCame();
  });
  await clock.advance("60s");
  calls = 0;
  await clock.advance("20s");
  expect(calls).toBe(50);
  timer.quicken();
  calls = 0;
  await clock.advance("4s");
  expect(calls).toBe(20);
});

test("what was published just before somebody listens makes polls quick from the first", async () => {
  const { clock, timer, changes, due } = setUp();
  timer.quicken();
  changes.watch(() => {});
  await clock.advance("1s");
  expect(due).toHaveBeenCalledTimes(5);
});

test("what is going on makes polls quick again, and starts none where nobody listens", async () => {
  const { clock, timer, changes, due } = setUp();
  let calls = 0;
  timer.quicken();
  await clock.advance("10s");
  expect(due).not.toHaveBeenCalled();
  changes.watch(() => {
    calls += 1;
  });
  await clock.advance("60s");
  calls = 0;
  timer.quicken();
  await clock.advance("1s");
  expect(calls).toBe(5);
  changes.clear();
  due.mockClear();
  await clock.advance("10s");
  expect(due).not.toHaveBeenCalled();
});
