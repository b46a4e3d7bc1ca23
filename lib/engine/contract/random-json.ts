/** Deeper than this only plain values come. */
const maxDepth = 5;
const maxItems = 6;

/** Ranges of code points without half a surrogate pair, each as likely as the others: most of Unicode is rarely seen. */
const codePoints: readonly (readonly [from: number, to: number])[] = [
  [0x20, 0x7e],
  [0x00, 0x9f],
  [0xa0, 0x07ff],
  [0x0800, 0xd7ff],
  [0xe000, 0xffff],
  [0x1_0000, 0x10_ffff],
];

/** Keys that say something else: a prototype, and the script of a handler. */
const reservedKeys: ReadonlySet<string> = new Set(["__proto__", "script"]);

/** Makes JSON objects of every kind, the same ones for the same `seed`. */
export class RandomJson {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = mulberry32(seed);
  }

  object(depth = 0): Record<string, unknown> {
    const entries = Array.from({ length: this.#below(maxItems + 1) }, () => [this.#text(), this.#value(depth)]);
    return Object.fromEntries(entries.filter(([key]) => typeof key === "string" && !reservedKeys.has(key)));
  }

  #value(depth: number): unknown {
    switch (this.#below(depth < maxDepth ? 6 : 4)) {
      case 0:
        return this.#text();
      case 1:
        return this.#number();
      case 2:
        return this.#below(2) === 0;
      case 3:
        return null;
      case 4:
        return Array.from({ length: this.#below(maxItems + 1) }, () => this.#value(depth + 1));
      default:
        return this.object(depth + 1);
    }
  }

  #text(): string {
    return Array.from({ length: this.#below(12) }, () => {
      const [from, to] = codePoints[this.#below(codePoints.length)] ?? [0x20, 0x7e];
      return String.fromCodePoint(from + this.#below(to - from + 1));
    }).join("");
  }

  /** Of every size up to 2^53 - 1, beyond which integers of many digits are refused. */
  #number(): number {
    const sign = this.#below(2) === 0 ? 1 : -1;
    const size = 2 ** (this.#random() * 1_127 - 1_074);
    const number = this.#below(3) === 0 ? this.#below(Number.MAX_SAFE_INTEGER) : (0.5 + this.#random() / 2) * size;
    // As -0 it would come back as 0.
    return number === 0 ? 0 : sign * number;
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}

/** Numbers from 0 to below 1, the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
