import fc from "fast-check";
import { expect, test } from "vitest";
import { Router } from "../../../lib/delivery/router.ts";
import { compilePattern } from "../../../lib/pattern/index.ts";
import { typeMatcher } from "../../../lib/pattern/type-names.ts";
import type { SubscriptionRecord } from "../../../lib/subscription/subscription.ts";
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

test("routes after changes as a router made anew would", () => {
  const change = fc.oneof(
    { weight: 3, arbitrary: records.map((set) => ({ set })) },
    { weight: 1, arbitrary: fc.constantFrom("a", "b", "c", "d", "e", "f").map((gone) => ({ gone })) },
    { weight: 3, arbitrary: event.map((routed) => ({ routed })) },
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const router = new Router();
      const live = new Map<string, SubscriptionRecord>();
      for (const one of changes) {
        if ("routed" in one) {
          const names = (routed: readonly SubscriptionRecord[]) => routed.map(({ name }) => name).toSorted();
          expect(names(router.route(one.routed))).toEqual(names(new Router(live.values()).route(one.routed)));
        } else if ("gone" in one) {
          expect(router.delete(one.gone)).toBe(live.delete(one.gone));
        } else {
          for (const { where, ...parts } of one.set) {
            const record = aRecord(where === undefined ? parts : { ...parts, where });
            router.set(record);
            live.set(record.name, record);
          }
        }
      }
    }),
    { numRuns: 500 },
  );
});

/** Counts how often the settings of subscriptions are read: building an index reads all of them. */
function counted(parts: Partial<SubscriptionRecord>, count: () => void): SubscriptionRecord {
  const { on, where } = aRecord(parts);
  const read = <Value>(value: Value) => ({
    get: () => {
      count();
      return value;
    },
    enumerable: true,
  });
  return Object.defineProperties(aRecord(parts), {
    on: read(on),
    ...(where === undefined ? {} : { where: read(where) }),
  });
}

test("a subscription that comes or goes among 10,000 reads only itself, also where the next events are routed", () => {
  let reads = 0;
  const make = (number: number) =>
    counted(
      {
        name: `s-${number}`,
        on: number % 2 === 0 ? [`team.t${number}`] : ["task.*"],
        ...(number % 3 === 0 ? {} : { where: { data: { kind: [`k-${number}`] } } }),
      },
      () => {
        reads += 1;
      },
    );
  // Those with a `where` want a value that no event has; the others with a wildcard are few enough to be counted.
  const all = Array.from({ length: 10_000 }, (_, number) => number).filter((number) => number % 6 !== 3);
  const router = new Router(all.map(make));
  const route = () => {
    const event = anEvent({ type: "task.created", data: { kind: "k-1" } });
    return router.route(event).map(({ name }) => name);
  };
  expect(route()).toEqual(["s-1"]);
  for (const number of [1, 2, 4, 9_997]) {
    reads = 0;
    router.delete(`s-${number}`);
    expect(route()).toEqual(number === 1 ? [] : ["s-1"]);
    router.set(make(number));
    expect(route()).toEqual(["s-1"]);
    expect(reads).toBeLessThan(20);
  }
});

test("an invalid `where` concerns only events of the types that it wants, until it is gone", () => {
  const router = new Router([aRecord({ name: "a", on: ["task.*"] })]);
  router.set(aRecord({ name: "b", on: ["task.failed"], where: { data: [] } }));
  expect(router.route(anEvent({ type: "task.created" }))).toHaveLength(1);
  expect(() => router.route(anEvent({ type: "task.failed" }))).toThrow(/^pattern\.data: /);
  router.delete("b");
  expect(router.route(anEvent({ type: "task.failed" }))).toHaveLength(1);
});
