import type { Condition } from "./condition.ts";
import { testKey } from "./test-key.ts";
import type { Test } from "./value-test.ts";

/** A rough estimate of how many times more values pass a test than an exact one, to rank the conditions of an alternative. */
function breadth(test: Test): number {
  switch (test.kind) {
    case "string":
    case "number":
    case "equals-ignore-case":
      return 1;
    case "literal":
      return 4;
    case "range":
      return 50;
    case "exists":
    case "anything-but":
      return 1_000;
    default:
      return test.value === "" ? 1_000 : 4;
  }
}

/** Counts how many alternatives use each test, so that each is indexed under the condition that the fewest others share. */
export class Popularity {
  readonly #uses = new Map<string, number>();

  count(condition: Condition): void {
    for (const test of condition.tests) {
      const key = this.#key(condition, test);
      this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1);
    }
  }

  /** Estimates how many alternatives are evaluated without a match if those with this condition are indexed under it. */
  cost(condition: Condition): number {
    if (condition.absent) return Infinity;
    return condition.tests.reduce(
      (sum, test) => sum + breadth(test) * (this.#uses.get(this.#key(condition, test)) ?? 1),
      0,
    );
  }

  #key(condition: Condition, test: Test): string {
    return `${condition.path} ${testKey(test)}`;
  }
}
