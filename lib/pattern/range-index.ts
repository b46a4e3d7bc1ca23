import { inRange, type NumericRange } from "./value-test.ts";

/**
 * Entries under ranges of numbers, found by a number within: sorted by their lower bound, with the highest upper bound of
 * every half, so that halves that end below the number are passed over.
 */
export class RangeIndex<Entry> {
  readonly #ranges: { range: NumericRange; entry: Entry }[] = [];
  #highest: number[] = [];
  #sorted = true;

  add(range: NumericRange, entry: Entry): void {
    this.#ranges.push({ range, entry });
    this.#sorted = false;
  }

  /** Hands over every entry whose range holds the number. */
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
    if (this.#ranges.length > 0) this.#note(1, 0, this.#ranges.length);
    this.#sorted = true;
  }

  #note(node: number, start: number, end: number): number {
    const middle = (start + end) >> 1;
    const highest =
      end - start === 1
        ? (this.#ranges[start]?.range.to ?? -Infinity)
        : Math.max(this.#note(node * 2, start, middle), this.#note(node * 2 + 1, middle, end));
    this.#highest[node] = highest;
    return highest;
  }
}
