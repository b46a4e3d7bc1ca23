import type { Condition } from "./condition.ts";
import type { Test } from "./value-test.ts";

/** Returns a key that is the same for equal tests, and different for others. */
export function testKey(test: Test): string {
  switch (test.kind) {
    case "range":
      return `range ${test.fromOpen} ${test.from} ${test.toOpen} ${test.to}`;
    case "ip":
      return `ip ${test.range.from} ${test.range.to}`;
    case "exists":
      return "exists";
    case "anything-but":
      return `anything-but ${JSON.stringify(test.tests.map(testKey))}`;
    default:
      return `${test.kind} ${test.value}`;
  }
}

/** Returns a key that is the same for equal conditions, and different for others. */
export function conditionKey({ path, absent, tests }: Condition): string {
  return JSON.stringify([path, absent, ...tests.map(testKey)]);
}
