import { OperatorIndex } from "./operator-index.ts";
import type { Scalar, Test } from "./value-test.ts";

/**
 * An index from tests of one field to items, looked up by a value: exact values in a map, all other tests in an index of
 * their own, which exists only if there are such tests. It takes one test more or less without being built anew.
 */
export class ValueIndex<Item> {
  readonly #exact = new Map<Scalar, Item>();
  #operators: OperatorIndex<Item> | undefined;

  get size(): number {
    return this.#exact.size + (this.#operators?.size ?? 0);
  }

  /** Returns the item of a test, which `create` makes if there is none. */
  get(test: Test, create: () => Item): Item {
    if (!isExact(test)) {
      this.#operators ??= new OperatorIndex();
      return this.#operators.get(test, create);
    }
    let item = this.#exact.get(test.value);
    if (item === undefined) {
      item = create();
      this.#exact.set(test.value, item);
    }
    return item;
  }

  /** Returns the items of all tests. */
  *all(): Generator<Item> {
    yield* this.#exact.values();
    if (this.#operators !== undefined) yield* this.#operators.all();
  }

  delete(test: Test): void {
    if (isExact(test)) this.#exact.delete(test.value);
    else this.#operators?.delete(test);
    if (this.#operators?.size === 0) this.#operators = undefined;
  }

  /** Returns the item of the test for exactly this value. */
  exact(value: Scalar): Item | undefined {
    return this.#exact.get(value);
  }

  /**
   * Returns the items of the other tests that the value may pass (see `isSure`), without those that were returned in the same
   * epoch before. The next call reuses the array.
   */
  others(value: Scalar, epoch: number): readonly Item[] {
    return this.#operators === undefined ? none : this.#operators.find(value, epoch);
  }
}

const none: readonly never[] = [];

function isExact(test: Test): test is Extract<Test, { kind: "string" | "number" | "literal" }> {
  return test.kind === "string" || test.kind === "number" || test.kind === "literal";
}
