import { expect, test } from "vitest";
import { compilePattern, compilePatterns } from "../../../lib/pattern/index.ts";

/** What AWS's engine answers where the language's documentation says nothing; each asked of it. */
const answers: readonly [what: string, pattern: unknown, event: unknown, expected: boolean][] = [
  ["an address is the same in every spelling", { a: ["::1"] }, { a: "0:0:0:0:0:0:0:1" }, true],
  ["an address may have leading zeros", { a: ["10.0.0.1"] }, { a: "010.000.0.01" }, true],
  ["an IPv4-mapped address is the IPv4 address", { a: ["::ffff:a00:1"] }, { a: "10.0.0.1" }, true],
  ["an address with a part above 255 is text", { a: ["1.2.3.256"] }, { a: "1.2.3.256" }, true],
  ["an address with two :: is text", { a: ["1::2::3"] }, { a: "1::2::3" }, true],
  ["an address excluded is text", { a: [{ "anything-but": "::1" }] }, { a: "0:0:0:0:0:0:0:1" }, true],
  ["exactly is text", { a: [{ exactly: "::1" }] }, { a: "0:0:0:0:0:0:0:1" }, false],
  ["a block may have slashes behind it", { a: [{ cidr: "10.0.0.0/24/" }] }, { a: "10.0.0.1" }, true],
  ["an IPv6 address lies in an IPv4 block by its start", { a: [{ cidr: "32.0.0.0/8" }] }, { a: "2001:db8::1" }, true],
  ["a number lies in a block by its digits", { a: [{ cidr: "0.0.0.0/0" }] }, { a: 5 }, true],
  ["but 0 is short of digits", { a: [{ cidr: "0.0.0.0/0" }] }, { a: 0 }, false],
  ["and 0.1 has a dot", { a: [{ cidr: "0.0.0.0/0" }] }, { a: 0.1 }, false],
  ["nor is a dot a digit further on", { a: [{ cidr: "0.0.0.0/1" }] }, { a: 7.5 }, false],
  ["not beside a number", { a: [{ cidr: "0.0.0.0/0" }, 7] }, { a: 5 }, false],
  ["nor beside one in another alternative", { $or: [{ a: [7] }, { a: [{ cidr: "0.0.0.0/0" }] }] }, { a: 5 }, false],
  [
    "unless another field comes first there",
    {
      $or: [
        { a: [1], b: [5] },
        { a: [2], b: [{ cidr: "0.0.0.0/0" }] },
      ],
    },
    { a: 2, b: 7 },
    true,
  ],
  ["a quote at the end of a prefix closes the text", { a: [{ prefix: 'ab"' }] }, { a: "ab" }, true],
  ["a quote at the start of a suffix opens the text", { a: [{ suffix: '"ab' }] }, { a: "ab" }, true],
  ["in any case too", { a: [{ prefix: { "equals-ignore-case": 'ab"' } }] }, { a: "AB" }, true],
  ["one letter in upper case may be two", { a: [{ "equals-ignore-case": "ß" }] }, { a: "SS" }, true],
  ["both of them upper case", { a: [{ "equals-ignore-case": "ß" }] }, { a: "ss" }, false],
  ["only the pattern is folded", { a: [{ "equals-ignore-case": "k" }] }, { a: "\u212a" }, false],
  ["at the end of a text as well", { a: [{ suffix: { "equals-ignore-case": "ß" } }] }, { a: "xSS" }, true],
  ["a character of two units is no letter", { a: [{ "equals-ignore-case": "😀" }] }, { a: "😀" }, false],
  ["literals of a wildcard do not overlap", { a: [{ wildcard: "a*bc*c" }] }, { a: "abc" }, false],
  ["nor do its start and end", { a: [{ wildcard: "ab*b" }] }, { a: "ab" }, false],
  ["an escaped star before a star", { a: [{ wildcard: "\\**" }] }, { a: "*zz" }, true],
  ["-0 is 0", { a: [0] }, { a: -0 }, true],
  ["a root field named by nothing is left out", { "": { a: [1] } }, { a: 1 }, true],
];

test.each(answers)("%s", (_, pattern, event, expected) => {
  expect(compilePattern(pattern)(event)).toBe(expected);
  expect(compilePatterns({ pattern })(event)).toEqual(expected ? ["pattern"] : []);
});
