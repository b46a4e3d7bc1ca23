import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatTime, normalizeTime, timeOf } from "../../../lib/event/time.ts";

const instants = fc.date({
  min: new Date("0000-01-02T00:00:00Z"),
  max: new Date("9999-12-30T00:00:00Z"),
  noInvalidDate: true,
});

describe("normalizeTime", () => {
  test("keeps a UTC time to the last digit", () => {
    expect(normalizeTime("2025-07-31T22:02:29.520113Z")).toBe("2025-07-31T22:02:29.520113Z");
    expect(normalizeTime("2025-07-31T22:02:29Z")).toBe("2025-07-31T22:02:29Z");
    expect(normalizeTime("2025-07-31t22:02:29.5z")).toBe("2025-07-31T22:02:29.5Z");
  });

  test("converts any offset to UTC and keeps the fraction", () => {
    fc.assert(
      fc.property(
        instants,
        fc.integer({ min: -1_439, max: 1_439 }),
        fc.stringMatching(/^(\.\d{1,9})?$/),
        (at, offset, fraction) => {
          const local = new Date(Math.floor(at.getTime() / 1_000) * 1_000 + offset * 60_000).toISOString().slice(0, 19);
          const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
          const text = `${local}${fraction}${offset < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
          expect(normalizeTime(text)).toBe(
            `${new Date(Math.floor(at.getTime() / 1_000) * 1_000).toISOString().slice(0, 19)}${fraction}Z`,
          );
        },
      ),
    );
  });

  test("returns a normalized time unchanged", () => {
    fc.assert(
      fc.property(instants, (at) => {
        expect(normalizeTime(at.toISOString())).toBe(at.toISOString());
      }),
    );
  });

  test.each([
    ["no offset", "2025-07-31T22:02:29"],
    ["a date alone", "2025-07-31"],
    ["a space", "2025-07-31 22:02:29Z"],
    ["the 30th of February", "2024-02-30T00:00:00Z"],
    ["the 29th of February of a common year", "2100-02-29T00:00:00Z"],
    ["the 31st of April", "2025-04-31T00:00:00Z"],
    ["month 13", "2025-13-01T00:00:00Z"],
    ["day 0", "2025-01-00T00:00:00Z"],
    ["hour 24", "2025-01-01T24:00:00Z"],
    ["a leap second", "2016-12-31T23:59:60Z"],
    ["an offset of a day", "2025-01-01T00:00:00+24:00"],
    ["an offset of 60 minutes", "2025-01-01T00:00:00+00:60"],
    ["ten fraction digits", "2025-01-01T00:00:00.0123456789Z"],
    ["a year of five digits", "+012025-01-01T00:00:00Z"],
    ["a year that the offset makes 10000", "9999-12-31T23:59:59-00:01"],
    ["a year that the offset makes -1", "0000-01-01T00:00:00+00:01"],
    ["words", "yesterday"],
  ])("refuses %s", (_, text) => {
    expect(normalizeTime(text)).toBeUndefined();
  });

  test("accepts the 29th of February of a leap year, and -00:00", () => {
    expect(normalizeTime("2000-02-29T00:00:00-00:00")).toBe("2000-02-29T00:00:00Z");
  });
});

test("formatTime formats milliseconds, for repeated and alternating times too", () => {
  expect(formatTime(0)).toBe("1970-01-01T00:00:00.000Z");
  expect(formatTime(1)).toBe("1970-01-01T00:00:00.001Z");
  expect(formatTime(1)).toBe("1970-01-01T00:00:00.001Z");
  expect(formatTime(0)).toBe("1970-01-01T00:00:00.000Z");
});

test("timeOf parses a time to milliseconds, for repeated and alternating times too", () => {
  const times = ["1970-01-01T00:00:00.001Z", "2025-07-31T20:02:29.520113Z", "2025-07-31T20:02:29Z"];
  for (const time of [...times, ...times, times[0] ?? "", times[0] ?? ""]) expect(timeOf(time)).toBe(Date.parse(time));
});
