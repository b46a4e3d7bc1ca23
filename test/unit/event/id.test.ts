import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createIds, idTime } from "../../../lib/event/id.ts";

const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("createIds", () => {
  test("returns strictly increasing ids whatever the clock does", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 48 - 2 }), { minLength: 2, maxLength: 50 }), (times) => {
        let at = 0;
        const nextId = createIds({ now: () => times[at++ % times.length] ?? 0 });
        let previous = "";
        for (let count = 0; count < 200; count += 1) {
          const id = nextId();
          expect(id).toMatch(uuid7);
          expect(id > previous).toBe(true);
          previous = id;
        }
      }),
    );
  });

  test("encodes the time, and keeps the latest time when the clock goes back", () => {
    let now = 1_753_999_349_520;
    const nextId = createIds({ now: () => now });
    expect(idTime(nextId())).toBe(now);
    now -= 10_000;
    expect(idTime(nextId())).toBe(now + 10_000);
    now += 20_000;
    expect(idTime(nextId())).toBe(now);
  });

  test("moves on to the next millisecond when the counter overflows", () => {
    const full = new Uint8Array(6 * 512).fill(0xff);
    expect(createIds({ now: () => 1_000, random: () => full })()).toBe("00000000-03e8-77ff-bfff-ffffffffffff");
    // The counter starts at its highest seed, so 18 bits are full after 2^17 more ids.
    const nextId = createIds({ now: () => 1_000, random: () => full, counterEnd: 2 ** 18 });
    const first = nextId();
    expect(first).toBe("00000000-03e8-7007-bfff-ffffffffffff");
    let last = first;
    for (let count = 0; count < 2 ** 17; count += 1) last = nextId();
    expect(last).toBe("00000000-03e8-700f-bfff-ffffffffffff");
    expect(nextId()).toBe("00000000-03e9-7007-bfff-ffffffffffff");
  });

  test("draws fresh random bits for each id", () => {
    const nextId = createIds({ now: () => 1_000 });
    const tails = new Set(Array.from({ length: 5_000 }, () => nextId().slice(-12)));
    expect(tails.size).toBe(5_000);
  });
});

test("idTime returns undefined for an id that is not a UUID v7", () => {
  expect(idTime("order-1")).toBeUndefined();
  expect(idTime("f47ac10b-58cc-4372-a567-0e02b2c3d479")).toBeUndefined();
});
