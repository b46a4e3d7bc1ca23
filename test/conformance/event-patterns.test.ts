import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { BusError } from "../../lib/error/bus-error.ts";
import { compilePattern, compilePatterns, explainPattern } from "../../lib/pattern/index.ts";

type Verdict = boolean | "invalid";

interface Case {
  readonly pattern: unknown;
  readonly event: unknown;
  readonly expect: Verdict;
}

/** The verdicts in both files come from AWS's open-source rule engine. */
const cases = ["event-patterns.jsonl", "more-event-patterns.jsonl"].flatMap(read);

/** The cases in which we differ from AWS's engine on purpose; `docs/reference/patterns.md` says why. */
const decided = [
  // JSON parsing makes 9007199254740993 the same number as ...992, which the pattern must not match. So it is refused.
  { pattern: { a: [2 ** 53] }, event: { a: 2 ** 53 }, expect: true },
  // The engine's answer is true about as often as false, because a numeric range across zero that is added between two
  // strings of one field may hide the first string (2.0.1 and 2.1.0: 21 false and 19 true of 40). "é" is what is asked.
  {
    pattern: { d: [{ suffix: "-2" }, "é", null], b: ["é", { numeric: [">", -1, "<=", 300] }, "memory.created"] },
    event: { c: "a", a: "10.0.0.200", b: "é", d: null },
    expect: false,
  },
  // A number is not an address. The engine compares the number's digits with those of the block.
  { pattern: { b: [{ cidr: "::/1" }, { wildcard: "" }] }, event: { b: 20010 }, expect: true },
];

describe("AWS's engine agrees", () => {
  test("with compilePattern on every case", () => {
    expect(disagreements(({ pattern, event }) => compilePattern(pattern)(event))).toEqual(decided);
  });

  test("with compilePatterns on every case", () => {
    expect(disagreements(({ pattern, event }) => compilePatterns({ pattern })(event).length === 1)).toEqual(decided);
  });

  test("with explainPattern on every case", () => {
    expect(disagreements(({ pattern, event }) => explainPattern(pattern, event).matches)).toEqual(decided);
  });

  test("with an index of all valid patterns on every event", { timeout: 240_000 }, () => {
    const patterns: Record<string, unknown> = {};
    for (const one of cases) {
      if (one.expect !== "invalid" && !decided.some(({ pattern }) => isDeepStrictEqual(pattern, one.pattern))) {
        patterns[JSON.stringify(one.pattern)] = one.pattern;
      }
    }
    const predicates = Object.entries(patterns).map(([name, pattern]) => [name, compilePattern(pattern)] as const);
    const match = compilePatterns(patterns);
    expect(predicates.length).toBeGreaterThan(1_000);
    for (const event of new Map(cases.map((one) => [JSON.stringify(one.event), one.event])).values()) {
      const names = predicates.filter(([, matches]) => matches(event)).map(([name]) => name);
      expect(match(event)).toEqual(names);
    }
  });
});

test("all cases are present", () => {
  expect(cases).toHaveLength(1_792 + 600);
  expect(new Set(cases.map((one) => one.expect))).toEqual(new Set([true, false, "invalid"]));
});

function disagreements(verdictOf: (one: Case) => boolean): Case[] {
  return cases.filter((one) => verdict(() => verdictOf(one)) !== one.expect);
}

function verdict(run: () => boolean): Verdict {
  try {
    return run();
  } catch (error) {
    if (error instanceof BusError && error.code === "invalid_pattern") return "invalid";
    throw error;
  }
}

function read(file: string): Case[] {
  const lines = readFileSync(new URL(file, import.meta.url), "utf8")
    .trim()
    .split("\n");
  return lines.map((line): Case => JSON.parse(line));
}
