import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rulePattern, toEnvelope } from "../../../lib/aws-shared/index.ts";
import type { Event } from "../../../lib/event/event.ts";
import { compilePattern } from "../../../lib/pattern/index.ts";
import { subscriptionPattern } from "../../../lib/subscription/index.ts";
import { anEvent } from "../../support/an-event.ts";

const texts = fc.constantFrom("a", "b", "ab", "");
const scalars = fc.oneof(texts, fc.constantFrom(0, 1, 2.5), fc.boolean(), fc.constant(null));
const data = fc.dictionary(
  fc.constantFrom("kind", "size", "list", "deep"),
  fc.oneof(
    scalars,
    fc.array(scalars, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("kind", "size"), scalars, { maxKeys: 2 }),
  ),
  { maxKeys: 4 },
);

const values = fc.array(
  fc.oneof(
    scalars,
    fc.constantFrom(
      { prefix: "a" },
      { suffix: "b" },
      { exists: true },
      { exists: false },
      { wildcard: "a*b" },
      { "anything-but": ["a"] },
      { numeric: [">", 0] },
      { "equals-ignore-case": "AB" },
    ),
  ),
  { minLength: 1, maxLength: 3 },
);
const dataPattern = fc.dictionary(
  fc.constantFrom("kind", "size", "list", "deep.kind"),
  fc.oneof(values, fc.dictionary(fc.constantFrom("kind", "size"), values, { minKeys: 1 })),
  { minKeys: 1, maxKeys: 3 },
);
const branch = fc.record(
  { data: dataPattern, source: values, id: values, metadata: fc.record({ priority: values }) },
  { requiredKeys: ["data"] },
);
const one = <Name extends string, Value>(name: Name, value: fc.Arbitrary<Value>) => fc.record({ [name]: value });
const where: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.oneof(
  one("data", dataPattern),
  one("source", values),
  one("id", values),
  one("time", values),
  one("metadata.correlationId", values),
  one("$or", fc.array(branch, { minLength: 2, maxLength: 3 })),
  fc.record({ data: dataPattern, source: values, $or: fc.array(branch, { minLength: 2, maxLength: 2 }) }),
);
const on = fc.array(fc.constantFrom("task.created", "task.*", "*.created", "*", "t*.c*"), {
  minLength: 1,
  maxLength: 2,
});

const events: fc.Arbitrary<Event> = fc
  .record({
    type: fc.constantFrom("task.created", "memory.x.y"),
    source: texts,
    id: texts,
    data,
    priority: fc.integer({ min: 1, max: 10 }),
  })
  .map(({ priority, ...given }) => anEvent({ ...given, metadata: { version: 1, correlationId: "c", priority } }));

function valid(pattern: Readonly<Record<string, unknown>>): boolean {
  try {
    rulePattern(pattern);
    return true;
  } catch {
    return false;
  }
}

describe("a pattern for a rule", () => {
  test("wants on the envelope what the subscription wants of the event", () => {
    let matched = 0;
    fc.assert(
      fc.property(where, on, events, (where, on, event) => {
        const pattern = subscriptionPattern({ on, where });
        fc.pre(valid(pattern));
        const wanted = compilePattern(pattern)(event);
        if (wanted) matched += 1;
        expect(compilePattern(rulePattern(pattern))(JSON.parse(toEnvelope(event)))).toBe(wanted);
      }),
      { numRuns: 3_000 },
    );
    expect(matched).toBeGreaterThan(100);
  });

  test("puts type and source outside, all else into detail", () => {
    const pattern = { type: ["a.b"], source: ["crew"], data: { k: [null] }, metadata: { priority: [1] }, id: ["x"] };
    expect(rulePattern({ ...pattern, time: [{ prefix: "2026" }] })).toEqual({
      "detail-type": ["a.b"],
      source: ["crew"],
      detail: { data: { k: [null] }, metadata: { priority: [1] }, id: ["x"], time: [{ prefix: "2026" }] },
    });
  });

  test("does the same within $or, and with dotted names", () => {
    expect(rulePattern({ $or: [{ source: ["a"] }, { "data.k": [1] }] })).toEqual({
      $or: [{ source: ["a"] }, { detail: { "data.k": [1] } }],
    });
  });

  test("refuses a field both inside and outside of $or, whose meaning hangs on the order of names", () => {
    const pattern = {
      data: { k: [1] },
      $or: [{ metadata: { userId: ["a"] } }, { data: { l: [1] } }],
      metadata: { userId: ["b"] },
    };
    expect(() => rulePattern(pattern)).toThrow(/both inside and outside of "\$or"/);
  });

  test("refuses an invalid pattern", () => {
    expect(() => rulePattern({ data: "x" })).toThrow(/must be a list of values/);
  });
});
