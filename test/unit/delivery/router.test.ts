import fc from "fast-check";
import { expect, test } from "vitest";
import { Router } from "../../../lib/delivery/router.ts";
import { compilePattern } from "../../../lib/pattern/index.ts";
import { typeMatcher } from "../../../lib/pattern/type-names.ts";
import { aRecord } from "../../support/a-record.ts";
import { anEvent } from "../../support/an-event.ts";

const types = ["task.created", "task.failed", "memory.created", "agent.task.failed"];

const records = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    on: fc.array(fc.constantFrom(...types, "task.*", "*.failed", "*"), { minLength: 1, maxLength: 3 }),
    where: fc.option(
      fc.constantFrom(
        { data: { kind: ["x"] } },
        { data: { kind: [{ exists: false }] } },
        { data: { n: [{ numeric: [">", 3] }] } },
        { source: [{ "anything-but": "crew" }] },
        { metadata: { priority: [1, 2] } },
      ),
      { nil: undefined },
    ),
  }),
  { selector: ({ name }) => name, maxLength: 6 },
);

const event = fc
  .record({
    type: fc.constantFrom(...types),
    source: fc.constantFrom("crew", "other"),
    data: fc.record({ kind: fc.constantFrom("x", "y"), n: fc.integer({ min: 0, max: 6 }) }, { requiredKeys: [] }),
    priority: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ priority, ...parts }) => anEvent({ ...parts, metadata: { priority } }));

test("routes as each subscription alone would", () => {
  fc.assert(
    fc.property(records, fc.array(event, { maxLength: 8 }), (given, events) => {
      const all = given.map(({ where, ...parts }) => aRecord(where === undefined ? parts : { ...parts, where }));
      const router = new Router(all);
      for (const one of events) {
        const alone = all.filter(
          ({ on, where }) => typeMatcher(on)(one.type) && (where === undefined || compilePattern(where)(one)),
        );
        expect(new Set(router.route(one).map(({ name }) => name))).toEqual(new Set(alone.map(({ name }) => name)));
        expect(router.route(one)).toHaveLength(alone.length);
      }
    }),
    { numRuns: 500 },
  );
});

test("more types than are remembered are still routed", () => {
  const router = new Router([aRecord({ on: ["custom.*"] })]);
  for (let index = 0; index < 10_050; index += 1) {
    expect(router.route(anEvent({ type: `custom.t${index}` }))).toHaveLength(1);
  }
});
