import { expect, test } from "vitest";
import { deadLetterOfUnpublished } from "../../../lib/delivery/dead-letter.ts";
import type { DeadLetter } from "../../../lib/engine/delivery.ts";
import type { Entry } from "../../../lib/engine/event-log.ts";
import { type RateLimit, rateLimit } from "../../../lib/publish/rate-limit.ts";
import { Counters } from "../../../lib/runtime/metrics.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../support/an-event.ts";

const entry = (parts: Partial<Entry> = {}): Entry => ({
  event: anEvent(),
  ownId: false,
  history: true,
  inHandler: false,
  ...parts,
});

function limited(limit: RateLimit) {
  const clock = new ManualClock();
  const counters = new Counters();
  const deadLetters: DeadLetter[] = [];
  const closing = new AbortController();
  const { publish: middleware } = rateLimit(limit)({
    clock,
    counters,
    closing: closing.signal,
    deadLetter: async ({ event }, { code, message }) => {
      const reason = { code, message, at: new Date(clock.now()).toISOString(), attempt: 0 };
      const stamp = { id: "dead-letter-1", acceptedAt: clock.now(), deadAt: clock.now() };
      deadLetters.push(deadLetterOfUnpublished(event, reason, stamp));
      return deadLetterOfUnpublished(event, reason, stamp);
    },
  });
  let passed = 0;
  const publish = (parts?: Partial<Entry>) =>
    middleware(entry(parts), ({ event }) => {
      passed += 1;
      return { event, duplicate: false };
    });
  return { clock, closing, counters, deadLetters, publish, passed: () => passed };
}

test("what is within the limit passes at once", () => {
  const { counters, publish, passed } = limited({ perSecond: 3 });
  for (let count = 0; count < 3; count += 1) publish();
  expect(passed()).toBe(3);
  expect(counters.rateLimited).toBe(0);
});

test("wait: what is still held when the bus closes is refused at once, and holds no timer", async () => {
  const { clock, closing, publish, passed } = limited({ perSecond: 1 });
  publish();
  const held = publish();
  closing.abort();
  await expect(held).rejects.toMatchObject({ code: "closed" });
  await expect(publish()).rejects.toMatchObject({ code: "closed" });
  expect(clock.nextDue).toBeUndefined();
  expect(passed()).toBe(1);
});

test("wait: the rest follows as tokens come, in order", async () => {
  const { clock, counters, publish, passed } = limited({ perSecond: 2 });
  for (let count = 0; count < 5; count += 1) publish();
  expect(passed()).toBe(2);
  expect(counters.rateLimited).toBe(3);
  await clock.advance(499);
  expect(passed()).toBe(2);
  await clock.advance(1);
  expect(passed()).toBe(3);
  await clock.advance(1_000);
  expect(passed()).toBe(5);
});

test("reject: fails with the time to wait, and takes nothing", async () => {
  const { clock, publish, passed } = limited({ perSecond: 1, over: "reject" });
  publish();
  const refused = expect.objectContaining({ code: "rate_limited", retryable: true, details: { retryAfterMs: 1_000 } });
  expect(() => publish()).toThrow(refused);
  expect(() => publish()).toThrow(refused);
  await clock.advance(1_000);
  publish();
  expect(passed()).toBe(2);
});

test("dead-letter: fails, and the event is kept with the reason", async () => {
  const { deadLetters, publish, passed } = limited({ perSecond: 1, over: "dead-letter" });
  publish();
  await expect(publish()).rejects.toMatchObject({ code: "rate_limited", details: { deadLetterId: "dead-letter-1" } });
  expect(passed()).toBe(1);
  expect(deadLetters[0]).toMatchObject({
    event: { id: "event-1" },
    reason: { code: "rate_limited", attempt: 0 },
    attempts: 0,
  });
});

test("a handler's publish never waits, and those after it pay for it", async () => {
  const { clock, publish, passed } = limited({ perSecond: 1 });
  for (let count = 0; count < 3; count += 1) publish({ inHandler: true });
  expect(passed()).toBe(3);
  publish();
  await clock.advance(2_999);
  expect(passed()).toBe(3);
  await clock.advance(1);
  expect(passed()).toBe(4);
});

test("burst is how many may come at once, of each limit", () => {
  const burst = (limit: RateLimit) => {
    const { publish, passed } = limited({ ...limit, over: "reject" });
    for (;;) {
      try {
        publish();
      } catch {
        return passed();
      }
    }
  };
  expect(burst({ perSecond: 10 })).toBe(10);
  expect(burst({ perSecond: 10, burst: 2 })).toBe(2);
  expect(burst({ perSecond: 0.5 })).toBe(1);
  expect(burst({ perMinute: 600 })).toBe(10);
  expect(burst({ perMinute: 600, burst: 1 })).toBe(1);
  expect(burst({ perMinute: 600, burst: 30 })).toBe(30);
  expect(burst({ perMinute: 6 })).toBe(1);
});

test("the tighter of two limits counts", async () => {
  const { clock, publish, passed } = limited({ perSecond: 10, perMinute: 60, burst: 1 });
  publish();
  publish();
  await clock.advance(100);
  expect(passed()).toBe(1);
  await clock.advance(900);
  expect(passed()).toBe(2);
});

test("a clock that goes back takes nothing away", async () => {
  const { clock, publish, passed } = limited({ perSecond: 1, over: "reject" });
  clock.set("2025-01-01T00:00:00Z");
  publish();
  await clock.advance("1s");
  publish();
  expect(passed()).toBe(2);
});
