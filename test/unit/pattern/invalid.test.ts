import { expect, test } from "vitest";
import { compilePattern, compilePatterns, explainPattern } from "../../../lib/pattern/index.ts";

const invalid: readonly [pattern: unknown, message: string | RegExp][] = [
  ["x", 'pattern: must be an object of fields such as { "source": ["crew"] }, not "x"'],
  [{}, "pattern: must have at least one field, but is {}"],
  [{ a: "x" }, 'pattern.a: must be a list of values such as ["x"], not "x"'],
  [{ a: () => 1 }, 'pattern.a: must be a list of values such as ["document"], not function a'],
  [{ a: { "b c": null } }, 'pattern.a["b c"]: must be a list of values such as [null], not null'],
  [{ a: [] }, 'pattern.a: must have at least one value, but is []; to match any value, use [{ "exists": true }]'],
  [{ a: [{}] }, /^pattern\.a\[0\]: must have one operator, but is \{\}; the operators are "prefix", /],
  [{ a: [1, ["x"]] }, "pattern.a[1]: must be a string, number, true, false, null or an expression, not an array of 1"],
  [{ a: [{ prefix: 5 }] }, "pattern.a[0].prefix: must be a string, not 5"],
  [
    { a: [{ prefix: { wildcard: "x" } }] },
    'pattern.a[0].prefix.wildcard: unknown operator "wildcard"; the operators are "equals-ignore-case"',
  ],
  [
    { a: [{ prefix: "x", suffix: "y" }] },
    'pattern.a[0]: must have one operator, but has "prefix", "suffix"; write a separate expression for each',
  ],
  [{ a: [{ numeric: 5 }] }, /^pattern\.a\[0\]\.numeric: must be a comparison such as .*, not 5$/],
  [
    { detail: { priority: [{ numeric: ["!=", 5] }] } },
    'pattern.detail.priority[0].numeric[0]: must be "=", "<", "<=", ">" or ">=", not "!="',
  ],
  [{ a: [{ numeric: [">", 5, "=", 6] }] }, 'pattern.a[0].numeric[2]: must be "<" or "<=", not "="'],
  [
    { a: [{ numeric: ["<", 5, ">", 1] }] },
    'pattern.a[0].numeric: has too many terms; write ["=", 5], ["<", 5] or [">", 0, "<=", 5]',
  ],
  [
    { a: [{ numeric: [">", 5, "<", 5] }] },
    'pattern.a[0].numeric: the range from 5 to 5 is empty; use a lower bound below the upper one, or ["=", n]',
  ],
  [
    { a: [2 ** 53 + 2] },
    "pattern.a[0]: 9007199254740994 is beyond 2^53, where integers are not exact; use a smaller number or a range",
  ],
  [
    { a: [{ numeric: ["=", 2 ** 53] }] },
    "pattern.a[0].numeric[1]: 9007199254740992 is beyond 2^53, where integers are not exact; use a smaller number or a range",
  ],
  [
    { a: [{ "anything-but": ["x", 1] }] },
    "pattern.a[0].anything-but: must not mix strings and numbers; write a list of strings or a list of numbers",
  ],
  [{ a: [{ "anything-but": [null] }] }, "pattern.a[0].anything-but[0]: must be a string or a number, not null"],
  [
    { a: [{ "anything-but": { prefix: ["a", ""] } }] },
    'pattern.a[0].anything-but.prefix[1]: must not be "", which is a prefix of every string',
  ],
  [
    { a: [{ wildcard: "a**" }] },
    'pattern.a[0].wildcard: has "**" at character 2; a single "*" already matches any run of characters',
  ],
  [{ a: [{ wildcard: "a\\b" }] }, 'pattern.a[0].wildcard: has "\\" at character 2; it may only escape "*" or "\\"'],
  [
    { a: [{ cidr: "10.0.0.1/32" }] },
    "pattern.a[0].cidr: the prefix length must be from 0 to 31, not 32; to match one address, write it as a plain string",
  ],
  [{ a: [{ cidr: "10.0.0.0" }] }, 'pattern.a[0].cidr: must be an address block such as "10.0.0.0/8", not "10.0.0.0"'],
  [{ a: [{ exists: "yes" }] }, 'pattern.a[0].exists: must be true or false, not "yes"'],
  [{ $or: [{ a: [1] }] }, "pattern.$or: must be a list of two or more patterns, not an array of 1"],
  [{ $or: [{ a: [1] }, 5] }, 'pattern.$or[1]: must be an object of fields such as { "source": ["crew"] }, not 5'],
  [
    { $or: [{ a: [1] }, { prefix: ["x"] }] },
    'pattern.$or[1].prefix: "prefix" is the name of an operator, which a field inside "$or" cannot have; test the field outside "$or"',
  ],
];

test.each(invalid)("%j is refused with its position and the fix", (pattern, expected) => {
  const message = typeof expected === "string" ? expected : expect.stringMatching(expected);
  expect(() => compilePattern(pattern)).toThrow(expect.objectContaining({ code: "invalid_pattern", message }));
  expect(() => explainPattern(pattern, {})).toThrow(expect.objectContaining({ code: "invalid_pattern", message }));
});

test("compilePatterns names the pattern that is invalid", () => {
  expect(() => compilePatterns({ good: { a: [1] }, "not good": { a: [] } })).toThrow(/^patterns\["not good"\]\.a: /);
});

test("an unknown operator is refused with the list of all", () => {
  expect(() => compilePattern({ a: [{ regex: "x" }] })).toThrow(
    /^pattern\.a\[0\]\.regex: unknown operator "regex"; the operators are "prefix", /,
  );
});

test("a pattern with too many alternatives, fields or levels is refused", () => {
  const or = [{ a: [1] }, { b: [1] }];
  const fields = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, { $or: or }]));
  expect(() => compilePattern(fields)).toThrow(/expand to more than 1000 alternatives/);
  const many = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`f${index}`, [1]]));
  expect(() => compilePattern(many)).toThrow(/more than 256 fields/);
  expect(() => compilePattern(nested(100_000, [1]))).toThrow(/nested more than 1000 levels deep/);
  let deepOr: unknown = { a: [1] };
  for (let depth = 0; depth < 100_000; depth += 1) deepOr = { $or: [deepOr, { b: [1] }] };
  expect(() => compilePattern(deepOr)).toThrow(/nested more than 1000 levels deep/);
});

test("a field at the maximum depth of a thousand levels is matched", () => {
  const matches = compilePattern(nested(1_000, [1]));
  expect(matches(nested(1_000, 1))).toBe(true);
  expect(matches(nested(1_000, 2))).toBe(false);
  expect(compilePatterns({ deep: nested(1_000, [1]) })(nested(1_000, [[{ a: 1 }, 1]]))).toEqual(["deep"]);
});

function nested(depth: number, leaf: unknown): unknown {
  let value = leaf;
  for (let level = 0; level < depth; level += 1) value = { a: value };
  return value;
}
