/** Random numbers that follow from a seed alone, and are the same on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  /** `seed` is any integer. */
  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 2 ** 32) >>> 0;
    this.#c = 0x9e3779b9;
    // Seeds that lie side by side begin alike; after a few steps they have nothing in common.
    for (let step = 0; step < 16; step += 1) this.uint32();
  }

  /** An integer from 0 to 2^32 - 1: the generator sfc32 of PractRand. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  /** A number from 0 up to 1. */
  next = (): number => this.uint32() / 2 ** 32;

  /** Whether something happens that has this probability, 0 to 1. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  /** A number from `from` up to `to`. */
  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  /** An integer from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** One of a list that is not empty. */
  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0];
  }

  /** So many random bytes. */
  bytes(size: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 1) bytes[at] = this.uint32() >>> 24;
    return bytes;
  }

  /** Another generator, whose numbers do not depend on how many are drawn here later. */
  fork(): Random {
    return new Random(this.uint32() + this.uint32() * 2 ** 21);
  }
}
