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
  ["a number is in a block by its digits", { a: [{ cidr: "0.0.0.0/0" }] }, { a: 5 }, true],
  ["but 0 has too few digits", { a: [{ cidr: "0.0.0.0/0" }] }, { a: 0 }, false],
  ["and 0.1 has a dot", { a: [{ cidr: "0.0.0.0/0" }] }, { a: 0.1 }, false],
  ["a dot after the first digit is not a digit either", { a: [{ cidr: "0.0.0.0/1" }] }, { a: 7.5 }, false],
  ["a number is not in a block if the list has a number", { a: [{ cidr: "0.0.0.0/0" }, 7] }, { a: 5 }, false],
  ["nor if another alternative has one", { $or: [{ a: [7] }, { a: [{ cidr: "0.0.0.0/0" }] }] }, { a: 5 }, false],
  [
    "unless another field comes first in that alternative",
    {
      $or: [
        { a: [1], b: [5] },
        { a: [2], b: [{ cidr: "0.0.0.0/0" }] },
      ],
    },
    { a: 2, b: 7 },
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
