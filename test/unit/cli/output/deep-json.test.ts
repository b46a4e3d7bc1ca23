import { expect, test } from "vitest";
import { deepJson } from "../../../../lib/cli/output/deep-json.ts";

test.each([
  [null],
  ['text " \u2028'],
  [5],
  [[]],
  [{}],
  [[1, [2, { a: [] }], "x"]],
  [{ a: 1, b: { c: [null, true], "d e": "f" } }],
  [{ left: undefined, method: () => 1, list: [undefined, () => 1] }],
  [{ at: new Date(0), own: { toJSON: () => ({ n: 1 }) } }],
])("%j is written as JSON.stringify writes it", (value) => {
  expect(deepJson(value)).toBe(JSON.stringify(value));
});

test("a value that is nested too deep for JSON.stringify is written too", () => {
  let chain: object = {};
  for (let depth = 0; depth < 100_000; depth += 1) chain = { event: depth, children: [chain] };
  expect(() => JSON.stringify(chain)).toThrow(RangeError);
  const json = deepJson(chain);
  expect(json.startsWith('{"event":99999,"children":[{"event":99998,"children":[')).toBe(true);
  expect(json.endsWith(`{"event":0,"children":[{}]}${"]}".repeat(99_999)}`)).toBe(true);
});
