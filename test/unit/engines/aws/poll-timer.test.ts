import { expect, test } from "vitest";
import { ChangeSignal } from "../../../../lib/engine/change-signal.ts";
import { PollTimer } from "../../../../lib/engines/aws/poll-timer.ts";
import { ManualClock } from "../../../../lib/testing/manual-clock.ts";

function setUp() {
  const clock = new ManualClock();
  const timer = new PollTimer(clock, () => changes.notify());
  const changes = new ChangeSignal({ onFirst: () => timer.start(), onLast: () => timer.stop() });
  return { clock, timer, changes };
}

test("listeners are called while there are any, often at first, then every two seconds", async () => {
  const { clock, changes } = setUp();
  let calls = 0;
  const unwatch = changes.watch(() => {
    calls += 1;
  });
  await clock.advance("5s");
  expect(calls).toBe(25);
  await clock.advance("20s");
  calls = 0;
  await clock.advance("20s");
  expect(calls).toBe(10);
  unwatch();
  await clock.advance("20s");
  expect(calls).toBe(10);
});

test("what is going on makes polls quick again, and starts none where nobody listens", async () => {
  const { clock, timer, changes } = setUp();
  let calls = 0;
  timer.quicken();
  await clock.advance("10s");
  changes.watch(() => {
    calls += 1;
  });
  await clock.advance("60s");
  calls = 0;
  timer.quicken();
  await clock.advance("1s");
  expect(calls).toBe(5);
  changes.clear();
  await clock.advance("10s");
  expect(calls).toBe(5);
});
