import { expect, test } from "vitest";
import { compilePattern, compilePatterns } from "../../../lib/pattern/index.ts";

/** Results of AWS's engine where the documentation of the language is silent; each was obtained from the engine. */
const results: readonly [what: string, pattern: unknown, event: unknown, expected: boolean][] = [
  ["an address is the same in every spelling", { a: ["::1"] }, { a: "0:0:0:0:0:0:0:1" }, true],
  ["an address may have leading zeros", { a: ["10.0.0.1"] }, { a: "010.000.0.01" }, true],
  ["an IPv4-mapped address is the IPv4 address", { a: ["::ffff:a00:1"] }, { a: "10.0.0.1" }, true],
  ["an address with a part above 255 is a string", { a: ["1.2.3.256"] }, { a: "1.2.3.256" }, true],
  ["an address with two :: is a string", { a: ["1::2::3"] }, { a: "1::2::3" }, true],
  ["an excluded address is compared as a string", { a: [{ "anything-but": "::1" }] }, { a: "0:0:0:0:0:0:0:1" }, true],
  ["exactly compares an address as a string", { a: [{ exactly: "::1" }] }, { a: "0:0:0:0:0:0:0:1" }, false],
  ["a block may have trailing slashes", { a: [{ cidr: "10.0.0.0/24/" }] }, { a: "10.0.0.1" }, true],
  [
    "an IPv6 address is in the IPv4 block of its first 32 bits",
    { a: [{ cidr: "32.0.0.0/8" }] },
    { a: "2001:db8::1" },
    true,
  ],
  ["a quote at the end of a prefix closes the string", { a: [{ prefix: 'ab"' }] }, { a: "ab" }, true],
  ["a quote at the start of a suffix opens the string", { a: [{ suffix: '"ab' }] }, { a: "ab" }, true],
  ["also if case is ignored", { a: [{ prefix: { "equals-ignore-case": 'ab"' } }] }, { a: "AB" }, true],
  ["the upper case of one letter may be two", { a: [{ "equals-ignore-case": "ß" }] }, { a: "SS" }, true],
  ["both of which must be upper case", { a: [{ "equals-ignore-case": "ß" }] }, { a: "ss" }, false],
  ["only the pattern is folded", { a: [{ "equals-ignore-case": "k" }] }, { a: "\u212a" }, false],
  ["also at the end of a string", { a: [{ suffix: { "equals-ignore-case": "ß" } }] }, { a: "xSS" }, true],
  [
    "a character of two UTF-16 units does not match itself",
    { a: [{ "equals-ignore-case": "😀" }] },
    { a: "😀" },
    false,
  ],
  ["literals of a wildcard do not overlap", { a: [{ wildcard: "a*bc*c" }] }, { a: "abc" }, false],
  ["neither do its prefix and suffix", { a: [{ wildcard: "ab*b" }] }, { a: "ab" }, false],
  ["an escaped star before a star", { a: [{ wildcard: "\\**" }] }, { a: "*zz" }, true],
  ["-0 is 0", { a: [0] }, { a: -0 }, true],
  ["an empty field name at the root is skipped", { "": { a: [1] } }, { a: 1 }, true],
];

test.each(results)("%s", (_, pattern, event, expected) => {
  expect(compilePattern(pattern)(event)).toBe(expected);
  expect(compilePatterns({ pattern })(event)).toEqual(expected ? ["pattern"] : []);
});

/** What we decided otherwise than AWS's engine answers (2.0.1 and 2.1.0); `docs/reference/patterns.md` says why. */
const decided: readonly [what: string, pattern: unknown, event: unknown, expected: boolean][] = [
  ["a number is not in a block", { a: [{ cidr: "0.0.0.0/0" }] }, { a: 5 }, false],
  ["whatever its digits", { a: [{ cidr: "::/1" }] }, { a: 20010 }, false],
  ["nor is a number in another notation", { a: [{ cidr: "0.0.0.0/0" }] }, { a: 5e3 }, false],
  ["an empty name at the end of a path is a name", { a: { "": [1] } }, { a: { "": 1 } }, true],
  ["also with a dot", { a: { "": [1] } }, { "a.": 1 }, true],
  ["nor is one an address", { a: ["10.0.0.1"] }, { a: 0x0a000001 }, false],
];

test.each(decided)("decided: %s", (_, pattern, event, expected) => {
  expect(compilePattern(pattern)(event)).toBe(expected);
  expect(compilePatterns({ pattern })(event)).toEqual(expected ? ["pattern"] : []);
});

/** Each answer was obtained from AWS's engine, 2.0.1 and 2.1.0. */
const dotted: readonly [pattern: unknown, event: unknown, expected: boolean][] = [
  [{ "a.a": [1], "a.b": [2] }, { a: [{ a: 1, b: 3 }], "a.b": 2 }, false],
  [{ "a.a": [1], "a.b": [2] }, { a: [{ a: 1 }], "a.b": 2 }, true],
  [{ "a.b": [1], "a.c": [2] }, { "a.b": 1, a: [{ b: 3, c: 2 }] }, true],
  [{ "a.b": [1], "a.c": [2] }, { "a.b": [1], a: [{ b: 3, c: 2 }] }, true],
  [{ "a.b": [1], "a.c": [2] }, { a: [{ b: 1 }, { c: 2 }], "a.b": 1 }, true],
  [{ "a.b": [1], "a.c": [2] }, { a: [{ b: 1 }, { c: 2 }], "a.c": 2 }, false],
  [{ "a.b": [1], "a.c": [2] }, { a: [{ b: 1 }, { d: 2 }], "a.c": 2 }, true],
  [{ "a.b.x": [1], "a.b.y": [2] }, { "a.b": [{ x: 1 }, { y: 1 }], a: { b: [{ y: 2 }, { x: 3 }] } }, false],
  [{ "a.b.x": [1], "a.b.y": [{ exists: false }] }, { "a.b": [{ x: 1 }], a: { b: [{ y: 2 }, { x: 3 }] } }, false],
  [{ "a.b.x": [1], "a.b.y": [{ exists: false }] }, { "a.b": [{ x: 1 }, { y: 1 }], a: { b: [{ x: 3 }] } }, true],
];

test.each(dotted)("a dotted name beside an array: %j on %j", (pattern, event, expected) => {
  expect(compilePattern(pattern)(event)).toBe(expected);
  expect(compilePatterns({ pattern })(event)).toEqual(expected ? ["pattern"] : []);
});
