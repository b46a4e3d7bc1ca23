import { expect, test } from "vitest";
import { explainPattern } from "../../../lib/pattern/index.ts";

const event = {
  type: "task.failed",
  data: {
    kind: "image",
    attempt: 3,
    items: [
      { x: 1, y: 2 },
      { x: 2, y: 1 },
    ],
    input: {},
  },
  metadata: { priority: 5 },
};

test("a match is a match", () => {
  expect(explainPattern({ type: [{ prefix: "task." }] }, event)).toEqual({
    matches: true,
    alternatives: 1,
    mismatches: [],
    text: "The pattern matches.",
  });
});

test("each field that does not match is named, with what was wanted and found", () => {
  const pattern = {
    type: [{ suffix: ".failed" }],
    data: { kind: ["document", { prefix: "ma" }], attempt: ["3"] },
    metadata: { priority: [{ numeric: [">", 0, "<=", 3] }] },
  };
  const { mismatches, text } = explainPattern(pattern, event);
  expect(mismatches).toEqual([
    { path: "data.attempt", wanted: '"3"', values: [3], found: "3" },
    { path: "data.kind", wanted: '"document" or text that starts with "ma"', values: ["image"], found: '"image"' },
    { path: "metadata.priority", wanted: "a number > 0 and <= 3", values: [5], found: "5" },
  ]);
  expect(text).toBe(
    [
      "The pattern does not match:",
      '  data.attempt: wanted "3"; found 3',
      '  data.kind: wanted "document" or text that starts with "ma"; found "image"',
      "  metadata.priority: wanted a number > 0 and <= 3; found 5",
    ].join("\n"),
  );
});

test.each([
  [{ data: { kinds: ["image"] } }, "no such field; data has kind, attempt, items, input"],
  [{ data: { input: [{ exists: true }] } }, "no value; data.input is an empty object"],
  [{ data: { kind: { name: ["x"] } } }, "no such field; data.kind has no fields"],
  [{ metadata: { priority: [{ exists: false }] } }, "5"],
])("%j says what is there instead", (pattern, found) => {
  expect(explainPattern(pattern, event).mismatches).toMatchObject([{ found }]);
});

test("of several alternatives the nearest is explained", () => {
  const pattern = {
    $or: [
      { type: ["a"], source: ["b"] },
      { type: ["task.failed"], data: { kind: ["document"] } },
    ],
  };
  const { alternatives, mismatches, text } = explainPattern(pattern, event);
  expect(alternatives).toBe(2);
  expect(mismatches).toMatchObject([{ path: "data.kind" }]);
  expect(text).toMatch(/^None of the pattern's 2 alternatives matches; the nearest:\n {2}data\.kind: /);
});

test("fields that match in different elements of an array are named together", () => {
  const { mismatches } = explainPattern({ data: { items: { x: [1], y: [1] } } }, event);
  expect(mismatches).toEqual([
    {
      path: "data.items.x, data.items.y",
      wanted: "values within the same element of the array around them",
      values: [],
      found: "each of them, but in different elements",
    },
  ]);
});

test("every kind of value has words", () => {
  const values = [
    null,
    { "equals-ignore-case": "Q" },
    { prefix: { "equals-ignore-case": "Q" } },
    { suffix: { "equals-ignore-case": "Q" } },
    { wildcard: "q*q" },
    { wildcard: "*q" },
    { numeric: [">=", 9] },
    { cidr: "10.0.0.0/8" },
    "10.0.0.1",
    { "anything-but": ["image", "i"] },
  ];
  expect(explainPattern({ data: { kind: values } }, event).mismatches[0]?.wanted).toBe(
    'null, "Q" in any case, text that starts with "Q" in any case, text that ends with "Q" in any case, text like "q*q", ' +
      'text that ends with "q", a number >= 9, an address in 10.0.0.0/8, the address 10.0.0.1 or anything but "image" or "i"',
  );
});

test("what is no event is said to be none", () => {
  expect(explainPattern({ a: [1] }, [1]).text).toContain("events are JSON objects");
});
