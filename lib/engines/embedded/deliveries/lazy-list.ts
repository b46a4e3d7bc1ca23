/** What a generator gives, each taken from it when it is first asked for, and kept. */
export class LazyList<Item> {
  readonly #items: Item[] = [];
  readonly #source: Iterator<Item, void, void>;

  constructor(source: Generator<Item, void, void>) {
    this.#source = source;
  }

  /** Undefined after the last. */
  at(index: number): Item | undefined {
    while (this.#items.length <= index) {
      const next = this.#source.next();
      if (next.done === true) return undefined;
      this.#items.push(next.value);
    }
    return this.#items[index];
  }

  /** Takes nothing more. */
  close(): void {
    this.#source.return?.();
  }
}
