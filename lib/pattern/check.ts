import type { Alternative, Condition } from "./condition.ts";
import type { FieldTree } from "./field-tree.ts";
import { conditionKey, testKey } from "./test-key.ts";
import { ValueIndex } from "./value-index.ts";
import { anyOf, type Cost, costOf, type Matcher, type Test } from "./value-test.ts";

/** A compiled condition. Equal conditions of different patterns share one check, which is evaluated once per event. */
export interface Check {
  readonly condition: Condition;
  /** The key of each test together with the field, see `testKey`. */
  readonly keys: readonly string[];
  readonly field: number;
  readonly absent: boolean;
  readonly matches: Matcher;
  /** How many steps `matches` takes for a value. */
  readonly cost: Cost;
  /** The epoch of the event for which `held` was computed. */
  epoch: number;
  held: boolean;
}

/** Compiles a condition for events that are read through the tree. */
export function prepare(condition: Condition, tree: FieldTree): Check {
  const field = tree.number(condition.path);
  const { path, tests, absent } = condition;
  const { matches, cost } = compileTests(tests);
  const keys = tests.map((test) => `${path} ${testKey(test)}`);
  return { condition, keys, field, absent, matches, cost, epoch: 0, held: false };
}

/** Longer lists of tests are looked up instead of compared one by one. */
const longList = 8;

function compileTests(tests: readonly Test[]): Pick<Check, "matches" | "cost"> {
  const listed = tests.filter(({ kind }) => kind !== "wildcard" && kind !== "anything-but");
  if (listed.length <= longList) return { matches: anyOf(tests), cost: costOf(tests) };
  const others = tests.filter((test) => !listed.includes(test));
  const [matchesOther, otherCost] = [anyOf(others), costOf(others)];
  let index: ValueIndex<Test> | undefined;
  return {
    matches: (value) => {
      if (index === undefined) {
        index = new ValueIndex();
        for (const test of listed) index.get(test, () => test);
      }
      if (index.exact(value) !== undefined || index.others(value).length > 0) return true;
      return others.length > 0 && matchesOther(value);
    },
    cost: { ...otherCost, comparisons: longList + otherCost.comparisons },
  };
}

/** Compiles the alternatives of a pattern. Equal conditions become one check. */
export function prepareAll(alternatives: readonly Alternative[], tree: FieldTree): Check[][] {
  const known = new Map<string, Check>();
  const keys = new Map<Condition, string>();
  return alternatives.map((alternative) =>
    alternative.map((condition) => {
      const key = keys.get(condition) ?? conditionKey(condition);
      keys.set(condition, key);
      const check = known.get(key) ?? prepare(condition, tree);
      known.set(key, check);
      return check;
    }),
  );
}
