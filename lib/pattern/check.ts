import type { Alternative, Condition } from "./condition.ts";
import type { FieldTree } from "./field-tree.ts";
import { countVague, isSure } from "./operator-index.ts";
import { conditionKey, testKey } from "./test-key.ts";
import { ValueIndex } from "./value-index.ts";
import { anyOf, type Cost, costOf, type Matcher, matcher, type Test } from "./value-test.ts";

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
  const otherCost = costOf(others);
  const matchesListed = lookUp(listed);
  const cost = { ...otherCost, comparisons: longList + countVague(listed) + otherCost.comparisons };
  if (others.length === 0) return { matches: matchesListed, cost };
  const matchesOther = anyOf(others);
  return { matches: (value) => matchesListed(value) || matchesOther(value), cost };
}

/** Compiles tests to a look-up. The index is built at the first value: most checks of many patterns never see one. */
function lookUp(tests: readonly Test[]): Matcher {
  let index: ValueIndex<Matcher> | undefined;
  let lookups = 0;
  return (value) => {
    if (index === undefined) {
      index = new ValueIndex();
      for (const test of tests) index.get(test, () => (isSure(test) ? certain : matcher(test)));
    }
    lookups += 1;
    if (index.exact(value) !== undefined) return true;
    for (const matches of index.others(value, lookups)) if (matches(value)) return true;
    return false;
  };
}

function certain(): boolean {
  return true;
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
