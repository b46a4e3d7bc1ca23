import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { compilePatterns } from "../../../lib/pattern/index.ts";
import { event, pattern } from "./arbitraries.ts";

/** What a look-up by text must give: that of the parsed event, or a refusal. */
function parsed(match: (event: unknown) => string[], text: string): string[] | "refused" {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "refused";
  }
  return match(value);
}

function read(match: { text(json: string): string[] }, text: string): string[] | "refused" {
  try {
    return match.text(text);
  } catch (error) {
    expect(error).toMatchObject({ code: "invalid_event" });
    return "refused";
  }
}

const wanted = compilePatterns({
  escaped: { 'a "quoted" name': ['a\n"value" \u00e9\\'] },
  number: { data: { size: [1200] } },
  small: { data: { size: [{ numeric: ["<", 0] }] } },
  long: { data: { size: [1234567890.125] } },
  none: { data: { size: [null, true, false] } },
  list: { data: { tags: ["b"] } },
  pair: { data: { items: { x: [1], y: [2] } } },
  dotted: { "data.key": ["k"] },
  deep: { data: { key: { in: { it: ["k"] } } } },
  empty: { "": ["empty"] },
  missing: { data: { gone: [{ exists: false }] } },
  name: { data: { [`f${"x".repeat(40)}`]: ["long"] } },
});

describe("an event's text matches as the parsed event", () => {
  test.each([
    '{"a \\"quoted\\" name":"a\\n\\"value\\" \\u00e9\\\\"}',
    '{"data":{"size":1200}}',
    '{"data":{"size":1.2e3}}',
    '{"data":{"size":12E+2}}',
    '{"data":{"size":-0.5e-3}}',
    '{"data":{"size":-0}}',
    '{"data":{"size":1234567890.125}}',
    '{"data":{"size":1234567890.1250000000000000000001}}',
    '{"data":{"size":null}}',
    '{"data":{"size":true}}',
    '{"data":{"size":[false,3]}}',
    '{"data":{"tags":["a","b"],"size":[]}}',
    '{"data":{"tags":[["a"],["b"]]}}',
    '{"data":{"tags":[{"b":1},"b"]}}',
    '{"data":{"items":[{"x":1},{"y":2}]}}',
    '{"data":{"items":[{"x":1,"y":2}]}}',
    '{"data.key":"k"}',
    '{"data":{"key":"k"}}',
    '{"data.key":"x","data":{"key":"k"}}',
    '{"data":{"key.in":{"it":"k"}}}',
    '{"data":{"key":{"in.it":"k"}}}',
    '{"data.":{"key":"k"}}',
    '{"datakey":"k","datas":{"key":"k"},"dat":{"key":"k"}}',
    '{"data":{"size":1},"data":{"size":1200}}',
    '{"data":{"size":1200,"size":1}}',
    '{"d\\u0061ta":{"size":1200}}',
    '{"":"empty"}',
    ' { "data" : { "size" : 1200 , "tags" : [ "b" , 1 ] } } ',
    '{\n  "data": {\n\t"size": 1200\r\n}}',
    '{"skipped":{"a":[1,{"b":"}\\"]"}],"c":-1.5e7},"data":{"size":1200}}',
    '{"skipped":"\\\\","data":{"size":1200}}',
    `{"skipped":${"[".repeat(3_000)}${"]".repeat(3_000)},"data":{"size":1200}}`,
    `{"data":{"size":${"[".repeat(3_000)}1200${"]".repeat(3_000)}}}`,
    `{"data":{"f${"x".repeat(40)}":"long","other":1}}`,
    "{}",
    "[]",
    "3",
    '"{}"',
  ])("%s", (text) => {
    expect(read(wanted, text)).toEqual(parsed(wanted, text));
    expect(read(wanted, text)).not.toBe("refused");
  });
});

describe("text that is not JSON is refused, also in what no pattern reads", () => {
  test.each([
    "",
    "{",
    '{"skipped":1',
    '{"skipped":1}}',
    '{"skipped":1} x',
    '{"skipped":01}',
    '{"skipped":1.}',
    '{"skipped":.5}',
    '{"skipped":1e}',
    '{"skipped":-}',
    '{"skipped":+1}',
    '{"skipped":tru}',
    '{"skipped":nul}',
    '{"skipped":NaN}',
    '{"skipped":"a\nb"}',
    '{"skipped":"\\x"}',
    '{"skipped":"\\u12g4"}',
    '{"skipped":"a}',
    '{"skipped":"a\\"}',
    '{"skipped":[1,]}',
    '{"skipped":[1 2]}',
    '{"skipped":{"a":1,}}',
    '{"skipped":{"a" 1}}',
    '{"skipped":{a:1}}',
    '{"skipped":[1}',
    '{"data":{"size":[1200}}',
    '{"data":{"size":12a}}',
    '{"data":{"tags":"\\x"}}',
    '{"data":{"size"}}',
    "{'data':1}",
    '{"a":1,}',
    '{,"a":1}',
    "\ufeff{}",
    '{"a":\u00a01}',
  ])("%j", (text) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(read(wanted, text)).toBe("refused");
  });
});

test("a text that is no string is refused", () => {
  for (const value of [undefined, null, 3, {}, ["{}"], Symbol("text")]) {
    const call: (json: never) => unknown = wanted.text;
    expect(() => Reflect.apply(call, undefined, [value])).toThrow(BusError);
  }
});

test("after a refused text, the next one matches", () => {
  expect(read(wanted, '{"data":{"size":1200},"tags":')).toBe("refused");
  expect(wanted.text('{"data":{"gone":1}}')).toEqual([]);
});

test("any event matches as text as it does parsed, with any patterns and any white space", () => {
  const records = fc
    .array(pattern, { minLength: 1, maxLength: 12 })
    .map((patterns) => Object.fromEntries(patterns.map((one, index) => [`rule-${index}`, one])));
  fc.assert(
    fc.property(records, fc.array(event, { minLength: 1, maxLength: 6 }), (record, events) => {
      const match = compilePatterns(record);
      for (const one of events) {
        const text = JSON.stringify(one);
        const lines = JSON.stringify(one, null, 2);
        for (const form of [text, lines, lines.replaceAll("\n", ""), text.replaceAll("c", "\\u0063")]) {
          expect(read(match, form)).toEqual(match(one));
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test("any change of an event's text is read or refused as JSON.parse does", () => {
  const change = fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom(...'{}[]",:\\ \n01.-eEtu'));
  fc.assert(
    fc.property(pattern, event, fc.array(change, { minLength: 1, maxLength: 3 }), (one, about, changes) => {
      let text = JSON.stringify(about);
      for (const [place, removed, added] of changes) {
        const at = place % (text.length + 1);
        text = text.slice(0, at) + added + text.slice(at + removed);
      }
      const match = compilePatterns({ one });
      expect(read(match, text)).toEqual(parsed(match, text));
    }),
    { numRuns: 5_000 },
  );
});
