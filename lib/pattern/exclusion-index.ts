/** An entry, and the epoch in which it was visited last. */
interface Exclusion<Entry> {
  readonly entry: Entry;
  visited: number;
}

/** An index from lists of excluded values to entries: a value finds all entries but those that exclude it. */
export class ExclusionIndex<Value, Entry> {
  readonly #exclusions = new Map<Entry, Exclusion<Entry>>();
  readonly #excludedBy = new Map<Value, Set<Exclusion<Entry>>>();
  /** How many entries were visited in the last epoch. */
  #count = 0;
  #epoch = 0;

  add(values: readonly Value[], entry: Entry): void {
    const exclusion = { entry, visited: 0 };
    this.#exclusions.set(entry, exclusion);
    for (const value of values) {
      const excluded = this.#excludedBy.get(value) ?? new Set();
      this.#excludedBy.set(value, excluded.add(exclusion));
    }
  }

  remove(values: readonly Value[], entry: Entry): void {
    const exclusion = this.#exclusions.get(entry);
    if (exclusion === undefined) return;
    this.#exclusions.delete(entry);
    for (const value of values) {
      const excluded = this.#excludedBy.get(value);
      excluded?.delete(exclusion);
      if (excluded?.size === 0) this.#excludedBy.delete(value);
    }
  }

  /** Visits every entry that does not exclude the value, each once in an epoch. */
  find(value: Value, epoch: number, visit: (entry: Entry) => void): void {
    if (this.#epoch !== epoch) {
      this.#epoch = epoch;
      this.#count = 0;
    }
    if (this.#count === this.#exclusions.size) return;
    const excluded = this.#excludedBy.get(value);
    for (const exclusion of this.#exclusions.values()) {
      if (exclusion.visited === epoch || excluded?.has(exclusion) === true) continue;
      exclusion.visited = epoch;
      this.#count += 1;
      visit(exclusion.entry);
    }
  }
}
