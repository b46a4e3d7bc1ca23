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

test("a matching pattern has no mismatches", () => {
  expect(explainPattern({ type: [{ prefix: "task." }] }, event)).toEqual({
    matches: true,
    alternatives: 1,
    mismatches: [],
    edits: [],
    text: "The pattern matches.",
  });
});

test("each field that does not match is listed with the expected and the found values", () => {
  const pattern = {
    type: [{ suffix: ".failed" }],
    data: { kind: ["document", { prefix: "ma" }], attempt: ["3"] },
    metadata: { priority: [{ numeric: [">", 0, "<=", 3] }] },
  };
  const { mismatches, text } = explainPattern(pattern, event);
  expect(mismatches).toEqual([
    { path: "data.attempt", expected: '"3"', values: [3], found: "3" },
    {
      path: "data.kind",
      expected: '"document" or a string that starts with "ma"',
      values: ["image"],
      found: '"image"',
    },
    { path: "metadata.priority", expected: "a number > 0 and <= 3", values: [5], found: "5" },
  ]);
  expect(text).toBe(
    [
      "The pattern does not match:",
      '  data.attempt: expected "3"; found 3',
      '  data.kind: expected "document" or a string that starts with "ma"; found "image"',
      "  metadata.priority: expected a number > 0 and <= 3; found 5",
    ].join("\n"),
  );
});

test.each([
  [{ data: { kinds: ["image"] } }, "no such field; data has kind, attempt, items, input"],
  [{ data: { input: [{ exists: true }] } }, "no value; data.input is an empty object"],
  [{ data: { kind: { name: ["x"] } } }, "no such field; data.kind has no fields"],
  [{ metadata: { priority: [{ exists: false }] } }, "5"],
])("the mismatch of %j describes what the event has instead", (pattern, found) => {
  expect(explainPattern(pattern, event).mismatches).toMatchObject([{ found }]);
});

test("the alternative with the fewest mismatches is explained", () => {
  const pattern = {
    $or: [
      { type: ["a"], source: ["b"] },
      { type: ["task.failed"], data: { kind: ["document"] } },
    ],
  };
  const { alternatives, mismatches, text } = explainPattern(pattern, event);
  expect(alternatives).toBe(2);
  expect(mismatches).toMatchObject([{ path: "data.kind" }]);
  expect(text).toMatch(/^None of the pattern's 2 alternatives matches; the nearest one:\n {2}data\.kind: /);
});

test("fields that match only in different elements of an array are listed together", () => {
  const { mismatches } = explainPattern({ data: { items: { x: [1], y: [1] } } }, event);
  expect(mismatches).toEqual([
    {
      path: "data.items.x, data.items.y",
      expected: "values in the same element of the array that contains them",
      values: [],
      found: "each value, but in different elements",
    },
  ]);
});

test("every kind of value is described in words", () => {
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
  expect(explainPattern({ data: { kind: values } }, event).mismatches[0]?.expected).toBe(
    'null, "Q" in any case, a string that starts with "Q" in any case, a string that ends with "Q" in any case, ' +
      'a string that matches "q*q", a string that ends with "q", a number >= 9, an address in 10.0.0.0/8, ' +
      'the address 10.0.0.1 or anything but "image" or "i"',
  );
});

test("a value that is not an event is reported as such", () => {
  expect(explainPattern({ a: [1] }, [1]).text).toContain("events are JSON objects");
});

test.each([
  [{ data: { kind: ["document"] } }, [{ path: "data.kind", add: "image", text: 'add "image"' }]],
  [{ data: { kind: ["IMAGE"] } }, [{ path: "data.kind", add: { "equals-ignore-case": "image" } }]],
  [{ data: { attempt: ["3"] } }, [{ path: "data.attempt", add: 3, text: "add 3" }]],
  [{ data: { attempt: [{ numeric: [">", 0, "<", 3] }] } }, [{ add: { numeric: [">", 0, "<=", 3] } }]],
  [{ data: { attempt: [{ numeric: [">", 3] }] } }, [{ add: { numeric: [">=", 3] } }]],
  [{ data: { attempts: [3] } }, [{ path: "data.attempts", rename: "data.attempt", text: "rename it to data.attempt" }]],
  [{ data: { knid: ["document"] } }, [{ path: "data.knid", add: { exists: false } }]],
  [{ data: { kind: [{ exists: false }] } }, [{ path: "data.kind", add: "image" }]],
  [{ data: { items: { x: [1], y: [1] } } }, []],
  [{ $or: [{ type: ["a"], source: ["b"] }, { data: { kind: ["document"] } }] }, [{ path: "data.kind", add: "image" }]],
])("the nearest edits of %j are as near as can be", (pattern, edits) => {
  expect(explainPattern(pattern, event).edits).toMatchObject(edits);
  expect(explainPattern(pattern, event).edits).toHaveLength(edits.length);
});

test("a number that no pattern can have is accepted by its presence", () => {
  const { edits } = explainPattern({ data: { n: [1] } }, { data: { n: 2 ** 53 + 2 } });
  expect(edits).toMatchObject([{ path: "data.n", add: { exists: true } }]);
});
