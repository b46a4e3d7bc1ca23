import { expect, test } from "vitest";
import { compilePattern, compilePatterns, explainPattern } from "../../../lib/pattern/index.ts";

const refused: readonly [pattern: unknown, message: string][] = [
  ["x", 'pattern: "x" is no pattern; write an object of fields, such as { "source": ["crew"] }'],
  [{}, "pattern: an empty object wants nothing; name at least one field in it"],
  [{ a: "x" }, 'pattern.a: "x" is no list of values; write ["x"]'],
  [{ a: { "b c": null } }, 'pattern.a["b c"]: null is no list of values; write [null]'],
  [{ a: [] }, 'pattern.a: an empty array matches nothing; write at least one value, or [{ "exists": true }]'],
  [
    { a: [1, ["x"]] },
    "pattern.a[1]: an array of 1 is no value of a field; write a string, number, true, false, null or an expression",
  ],
  [{ a: [{ prefix: 5 }] }, "pattern.a[0].prefix: 5 is no string; write a string"],
  [
    { a: [{ prefix: { wildcard: "x" } }] },
    'pattern.a[0].prefix.wildcard: "wildcard" can\'t stand here; write "equals-ignore-case" or a string',
  ],
  [
    { a: [{ prefix: "x", suffix: "y" }] },
    'pattern.a[0]: one expression holds one operator, and this has "prefix", "suffix"; write an expression for each, side by side',
  ],
  [
    { detail: { priority: [{ numeric: ["!=", 5] }] } },
    'pattern.detail.priority[0].numeric[0]: "!=" is no comparison operator; write one of "=", "<", "<=", ">", ">="',
  ],
  [
    { a: [{ numeric: ["<", 5, ">", 1] }] },
    'pattern.a[0].numeric: there are too many terms; write ["=", 5], ["<", 5] or [">", 0, "<=", 5]',
  ],
  [
    { a: [{ numeric: [">", 5, "<", 5] }] },
    'pattern.a[0].numeric: nothing lies between 5 and 5; write a lower bound below the upper one, or ["=", n]',
  ],
  [
    { a: [{ numeric: ["=", 2 ** 53] }] },
    "pattern.a[0].numeric[1]: 9007199254740992 is beyond 2^53, where whole numbers can't be told apart; write a smaller number, or a range",
  ],
  [
    { a: [{ "anything-but": ["x", 1] }] },
    "pattern.a[0].anything-but: the list mixes strings and numbers; write one list of strings, or one of numbers",
  ],
  [
    { a: [{ "anything-but": [null] }] },
    "pattern.a[0].anything-but[0]: null can't be excluded; write a string or a number",
  ],
  [
    { a: [{ "anything-but": { prefix: ["a", ""] } }] },
    'pattern.a[0].anything-but.prefix[1]: every text has the prefix ""; write at least one character',
  ],
  [
    { a: [{ wildcard: "a**" }] },
    'pattern.a[0].wildcard: "**" at character 2: one "*" already stands for any run; write "*" for any run, "\\*" for a star, "\\\\" for a backslash',
  ],
  [
    { a: [{ cidr: "10.0.0.1/32" }] },
    'pattern.a[0].cidr: "/32" is not between "/0" and "/31"; write fewer bits, or the address itself as a plain string',
  ],
  [
    { a: [{ cidr: "10.0.0.0" }] },
    'pattern.a[0].cidr: "10.0.0.0" is no block of addresses; write a block such as "10.0.0.0/8"',
  ],
  [{ a: [{ exists: "yes" }] }, 'pattern.a[0].exists: "yes" is neither true nor false; write true or false'],
  [
    { $or: [{ a: [1] }] },
    'pattern.$or: "$or" needs two alternatives or more, and this is 1 of them; write an array of two objects or more',
  ],
  [
    { $or: [{ a: [1] }, 5] },
    'pattern.$or[1]: 5 is no alternative; write an object of fields, such as { "source": ["crew"] }',
  ],
  [
    { $or: [{ a: [1] }, { prefix: ["x"] }] },
    'pattern.$or[1].prefix: "prefix" is the name of an operator, and no field inside "$or" can be called so; test the field outside "$or"',
  ],
];

test.each(refused)("%j is refused with the place and the fix", (pattern, message) => {
  expect(() => compilePattern(pattern)).toThrow(expect.objectContaining({ code: "invalid_pattern", message }));
  expect(() => explainPattern(pattern, {})).toThrow(expect.objectContaining({ code: "invalid_pattern", message }));
});

test("a list of patterns says which of them is refused", () => {
  expect(() => compilePatterns({ good: { a: [1] }, "not good": { a: [] } })).toThrow(/^patterns\["not good"\]\.a: /);
});

test("an unknown operator is refused with the list of all", () => {
  expect(() => compilePattern({ a: [{ regex: "x" }] })).toThrow(
    /^pattern\.a\[0\]\.regex: "regex" is no operator; write one of "prefix", /,
  );
});

test("what would grow without bound is refused", () => {
  const or = [{ a: [1] }, { b: [1] }];
  const fields = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, { $or: or }]));
  expect(() => compilePattern(fields)).toThrow(/multiply into over 1000 alternatives/);
  const many = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`f${index}`, [1]]));
  expect(() => compilePattern(many)).toThrow(/names over 256 fields/);
  expect(() => compilePattern(nested(100_000, [1]))).toThrow(/nested over 1000 deep/);
  let deepOr: unknown = { a: [1] };
  for (let depth = 0; depth < 100_000; depth += 1) deepOr = { $or: [deepOr, { b: [1] }] };
  expect(() => compilePattern(deepOr)).toThrow(/nested over 1000 deep/);
});

test("a field a thousand levels deep is found", () => {
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
