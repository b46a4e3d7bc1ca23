import type { Check } from "./check.ts";
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

  /** Counts a use of a check, or takes it back. */
  count(check: Check, by: 1 | -1): void {
    for (const key of check.keys) {
      const uses = (this.#uses.get(key) ?? 0) + by;
      if (uses === 0) this.#uses.delete(key);
      else this.#uses.set(key, uses);
    }
  }

  /** Estimates how many alternatives are evaluated without a match if those with this check are indexed under it. */
  cost({ absent, condition, keys }: Check): number {
    if (absent) return Infinity;
    return condition.tests.reduce(
      (sum, test, index) => sum + breadth(test) * (this.#uses.get(keys[index] ?? "") ?? 1),
      0,
    );
  }
}
