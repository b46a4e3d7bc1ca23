/**
 * Gathers what is claimed of a batch, to dispatch it together in an order: a claim takes its time, and who is claimed first is
 * not the most urgent. Each member of the batch is added or skipped once.
 */
export class DispatchBatch<Item> {
  readonly #arrived: Item[] = [];
  readonly #complete: (items: Item[]) => void;
  #missing: number;
  readonly done: Promise<Item[]>;

  /** `size`: members of the batch. */
  constructor(size: number) {
    const { promise, resolve } = Promise.withResolvers<Item[]>();
    this.done = promise;
    this.#complete = resolve;
    this.#missing = size;
    this.#check();
  }

  add(item: Item): void {
    this.#arrived.push(item);
    this.skip();
  }

  skip(): void {
    this.#missing -= 1;
    this.#check();
  }

  #check(): void {
    if (this.#missing === 0) this.#complete(this.#arrived);
  }
}
