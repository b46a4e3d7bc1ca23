/**
 * How receipts were settled that were settled not long ago, for a client whose answer was lost: the last so many, and up to as many again.
 * In two generations, since a map from whose front entries go one by one is slow to find its first.
 */
export class SettledReceipts {
  readonly #count: number;
  #recent = new Map<string, string>();
  #older: ReadonlyMap<string, string> = new Map();

  constructor(count: number) {
    this.#count = count;
  }

  add(receipt: string, how: string): void {
    this.#recent.set(receipt, how);
    if (this.#recent.size < this.#count) return;
    this.#older = this.#recent;
    this.#recent = new Map();
  }

  has(receipt: string): boolean {
    return this.get(receipt) !== undefined;
  }

  /** `undefined` for one that was not, or that is forgotten. */
  get(receipt: string): string | undefined {
    return this.#recent.get(receipt) ?? this.#older.get(receipt);
  }
}
