import type { Condition } from "./condition.ts";
import { testKey } from "./value-index.ts";
import type { Test } from "./value-test.ts";

/** How many more values pass such a test than pass an exact one: rough, it only ranks the conditions of one alternative. */
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

/** Counts how many alternatives use each test, so that each can be filed under the condition that the fewest share. */
export class Popularity {
  readonly #uses = new Map<string, number>();

  count(condition: Condition): void {
    for (const test of condition.tests) {
      const key = this.#key(condition, test);
      this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1);
    }
  }

  /** An estimate of how many alternatives are tried in vain if those of this condition are filed under it. */
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
