import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findLosses } from "../../../lib/event/exact-json.ts";

const problems = (json: string) => {
  JSON.parse(json);
  return findLosses(json).map(({ problem }) => problem);
};

describe("findLosses finds", () => {
  test.each([
    ["9007199254740990.4", "9007199254740990"],
    ["0.1234567890123456789", "0.12345678901234568"],
    ["9007199254740993", "9007199254740992"],
    ["-1.7976931348623157000001e308", "-1.7976931348623157e+308"],
    ["1e400", "Infinity"],
    ["1e-400", "0"],
    ["123456789012345678901234567890", "1.2345678901234568e+29"],
  ])("the number %s, which would become %s", (literal, becomes) => {
    const fix = `is ${literal}, which would become ${becomes}; round it, or write it as a string`;
    expect(problems(literal)).toEqual([`the value ${fix}`]);
    expect(problems(`{"a" : [ 1,{"b c":${literal} } ] }`)).toEqual([`a[1]["b c"] ${fix}`]);
  });

  test("a key that is repeated, however it is written, and all losses in order", () => {
    expect(problems('{"data":{"a":1,"b":{"a":2},"\\u0061":1e400},"data":2}')).toEqual([
      'data has the key "a" twice, and only the last would count; remove one',
      "data.a is 1e400, which would become Infinity; round it, or write it as a string",
      'the value has the key "data" twice, and only the last would count; remove one',
    ]);
  });
});

describe("findLosses finds nothing", () => {
  test.each([
    "1e21",
    "1E+300",
    "5e-324",
    "1.10",
    "100.000000000000000000",
    "-0.0",
    "0e999999",
    "0.30000000000000004",
    "9007199254740992",
    "6000000000000000000",
    '"1e400 \\" {\\"a\\":1,\\"a\\":2}"',
    '[{"a":1},{"a":1},"a","a"]',
    '{"a\\\\":":1e400","a":1}',
  ])("in %s", (json) => {
    expect(problems(json)).toEqual([]);
  });

  test("in what JSON.stringify writes", () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.nat(2),
        (value, indent) => problems(JSON.stringify(value, null, indent)).length === 0,
      ),
    );
  });
});

test("a number is lost exactly where the nearest double, as short as it can be written, is another decimal number", () => {
  const digits = fc.stringMatching(/^[0-9]{1,25}$/);
  const literals = fc.tuple(digits, digits, fc.integer({ min: -340, max: 320 })).map(([whole, fraction, exponent]) => {
    return `${BigInt(whole)}.${fraction}e${exponent}`;
  });
  fc.assert(
    fc.property(literals, (literal) => {
      expect(problems(literal).length === 0).toBe(equal(literal, String(Number(literal))));
    }),
    { numRuns: 2_000 },
  );
});

/** By multiplication with a power of ten above all exponents. */
function equal(one: string, other: string): boolean {
  const scaled = (literal: string) => {
    const [mantissa = "", exponent = "0"] = literal.toLowerCase().split("e");
    const [whole = "", fraction = ""] = mantissa.split(".");
    return BigInt(whole + fraction) * 10n ** BigInt(1_000 + Number(exponent) - fraction.length);
  };
  return other !== "Infinity" && scaled(one) === scaled(other);
}
