import fc from "fast-check";
import { expect, test } from "vitest";
import { shortForm } from "../../../lib/error/short-form.ts";
import { formatPath } from "../../../lib/event/path.ts";

test("shortForm returns at most 60 well-formed characters and never throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.string({ unit: "binary", maxLength: 300 })), (value) => {
      expect(shortForm(value).length).toBeLessThanOrEqual(60);
      expect(shortForm(value).isWellFormed()).toBe(true);
    }),
  );
  expect(
    shortForm(
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error("no");
          },
        },
      ),
    ),
  ).toBe("an object that cannot be read");
});

test.each([
  ["text", '"text"'],
  [12n, "12n"],
  [-0, "-0"],
  [null, "null"],
  [undefined, "undefined"],
  [[], "[]"],
  [[1, 2], "an array of 2"],
  [{}, "{}"],
  [{ a: 1, b: 2 }, "{ a, b }"],
  [{ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 }, "{ a, b, c, d, e, f, … }"],
  [new Map(), "an instance of Map"],
  [new Date(Number.NaN), "an invalid Date"],
  [new TypeError("no"), "TypeError: no"],
  ["😀".repeat(40), `"${"😀".repeat(29)}…`],
])("shortForm formats %o as %s", (value, form) => {
  expect(shortForm(value)).toBe(form);
});

test("formatPath formats a path as it is written in code", () => {
  expect(formatPath("data", ["items", 3, "price"])).toBe("data.items[3].price");
  expect(formatPath("data", ["odd key", "$ok_1"])).toBe('data["odd key"].$ok_1');
  expect(formatPath("", ["where", "data"])).toBe("where.data");
});
