import { inRange, type NumericRange } from "./value-test.ts";

/**
 * An index from numeric ranges to entries: the ranges are sorted by lower bound, as a binary tree that knows the highest
 * upper bound of each half, so that a lookup skips halves that end below the number.
 */
export class RangeIndex<Entry> {
  readonly #ranges: { range: NumericRange; entry: Entry }[] = [];
  #highest: number[] = [];
  #sorted = true;

  add(range: NumericRange, entry: Entry): void {
    this.#ranges.push({ range, entry });
    this.#sorted = false;
  }

  /** Visits every entry whose range contains the number. */
  find(value: number, visit: (entry: Entry) => void): void {
    if (!this.#sorted) this.#sort();
    this.#search(1, 0, this.#ranges.length, value, visit);
  }

  #search(node: number, start: number, end: number, value: number, visit: (entry: Entry) => void): void {
    const lowest = this.#ranges[start];
    if (lowest === undefined || lowest.range.from > value || (this.#highest[node] ?? -Infinity) < value) return;
    if (end - start === 1) {
      if (inRange(lowest.range, value)) visit(lowest.entry);
      return;
    }
    const middle = (start + end) >> 1;
    this.#search(node * 2, start, middle, value, visit);
    this.#search(node * 2 + 1, middle, end, value, visit);
  }

  #sort(): void {
    this.#ranges.sort((one, other) => one.range.from - other.range.from);
    this.#highest = [];
    if (this.#ranges.length > 0) this.#computeHighest(1, 0, this.#ranges.length);
    this.#sorted = true;
  }

  #computeHighest(node: number, start: number, end: number): number {
    const middle = (start + end) >> 1;
    const highest =
      end - start === 1
        ? (this.#ranges[start]?.range.to ?? -Infinity)
        : Math.max(this.#computeHighest(node * 2, start, middle), this.#computeHighest(node * 2 + 1, middle, end));
    this.#highest[node] = highest;
    return highest;
  }
}
