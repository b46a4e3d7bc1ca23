import fc from "fast-check";
import { expect, test } from "vitest";
import { FirstDay } from "../../../../lib/engines/postgres/history/first-day.ts";

test("nothing is known of what was never read, nor of what lies before what was", () => {
  const days = new FirstDay();
  expect(days.after(0)).toBe(0);
  days.seen(100, 20);
  expect(days.after(99)).toBe(0);
  expect(days.after(100)).toBe(19);
  expect(days.after(5_000)).toBe(19);
});

test("no event that comes after a position is of a day before the one that is told, whatever was read in which order", () => {
  const steps = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(steps, fc.array(fc.nat({ max: 39 })), fc.array(fc.boolean()), (advance, reads, early) => {
      // Numbers go up with days, but one may have taken its day just before the next began.
      let day = 10;
      const events = advance.map((days, position) => {
        day += days;
        return { position, day: early[position] === true ? day - 1 : day };
      });
      const days = new FirstDay();
      for (const read of reads) {
        const event = events[read];
        if (event === undefined) continue;
        days.seen(event.position, event.day);
        for (const { position } of events) {
          for (const later of events.slice(position + 1)) {
            expect(later.day).toBeGreaterThanOrEqual(days.after(position));
          }
        }
      }
    }),
  );
});
