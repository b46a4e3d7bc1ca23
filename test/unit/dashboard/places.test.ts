import * as fc from "fast-check";
import { expect, test } from "vitest";
import { agoText, durationText } from "../../../lib/dashboard/page/format.ts";
import { placeOf, urlOf } from "../../../lib/dashboard/page/state/places.ts";
import { pagePaths } from "../../../lib/dashboard/page-paths.ts";
import { kindOf } from "../../../lib/dead-letters/groups.ts";
import { inParallel } from "../../../lib/runtime/in-parallel.ts";

test("any id and any filter come back out of the URL that they were put into", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...pagePaths),
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1 }),
      (view, id, filter) => {
        fc.pre(id.isWellFormed() && filter.isWellFormed());
        const params = view.includes("{") ? { [view.includes("{id}") ? "id" : "type"]: id } : {};
        const url = new URL(urlOf(view, params, { filter, none: undefined, empty: "" }), "http://127.0.0.1");
        // A browser takes a path of one or two dots for a step: no server could see such an id.
        fc.pre(id !== "." && id !== "..");
        const place = placeOf(url.pathname, url.search);
        expect(place).toMatchObject({ view, params });
        expect([...place.query]).toEqual([["filter", filter]]);
      },
    ),
  );
});

test("what is no view is none", () => {
  for (const path of ["/none", "/flows/a/b", "/v1/events", "//"]) expect(placeOf(path, "").view).toBeUndefined();
  expect(placeOf("/flows/%E0%A4%A", "").params).toEqual({ id: "%E0%A4%A" });
});

test.each([
  [-5, "0 ms"],
  [999, "999 ms"],
  [2_440, "2.4 s"],
  [61_000, "1 min 1 s"],
  [7_200_000, "2 h"],
  [90_000_000, "1 d 1 h"],
])("%d ms are %s", (ms, text) => expect(durationText(ms)).toBe(text));

test("times are told as seen from now", () => {
  const now = Date.parse("2026-01-01T00:00:10Z");
  expect(agoText("2026-01-01T00:00:09.500Z", now)).toBe("just now");
  expect(agoText("2026-01-01T00:00:06Z", now)).toBe("4 s ago");
  expect(agoText("2026-01-01T00:01:10Z", now)).toBe("in 1 min");
  expect(agoText("soon", now)).toBe("soon");
});

test.each([
  ["task 12 was not found\nat a", "task … was not found"],
  ["01a22e86-0d6c-7139-968d-abb2c2add0bd is gone at 10:30:01.5", "… is gone at …"],
  ["", ""],
])("the reason %j is of the kind %j", (message, kind) => expect(kindOf(message)).toBe(kind));

test("items are worked on side by side, no more at once than asked, with results in their order", async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel([5, 4, 3, 2, 1], 2, async (n) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < n; turn += 1) await Promise.resolve();
    running -= 1;
    return n * 2;
  });
  expect(results).toEqual([10, 8, 6, 4, 2]);
  expect(most).toBe(2);
  await expect(inParallel([1], 2, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await inParallel([], 2, async () => 1)).toEqual([]);
});
