/** One wildcard: its literals, and the literals that it looks for between the first and the last. */
interface Wildcard {
  readonly first: string;
  readonly last: string;
  readonly inner: readonly number[];
  /** The index in `inner` of the literal that it looks for next, where that may start, and where all must end. */
  next: number;
  from: number;
  until: number;
}

/**
 * Matches a value with several wildcards at once, in one pass over the value: Aho and Corasick's automaton (1975) over the
 * literals between the stars, of which each wildcard takes the first that starts after the one before. The cost is linear in
 * the value, and in the literals that end at the same character.
 */
export class WildcardSet {
  /** Whether the automaton of these literals is small enough to be built. */
  static fits(wildcards: readonly (readonly string[])[]): boolean {
    const text = wildcards.flat().join("");
    return text.length < 0xffff && text.length * new Set(text).size < 0x40_0000;
  }

  readonly #wildcards: Wildcard[] = [];
  readonly #ids = new Map<string, number>();
  readonly #lengths: number[] = [];
  /** The wildcards that look for a literal. */
  readonly #waiting: Wildcard[][] = [];
  /** How many look for each literal, by its number plus 1: most of what ends at a character is looked for by none. */
  #looking = new Uint16Array(0);
  #automaton: Automaton | undefined;

  constructor(wildcards: readonly (readonly string[])[]) {
    for (const literals of wildcards) {
      const inner = literals.slice(1, -1).map((literal) => this.#id(literal));
      const [first = "", last = ""] = [literals[0], literals.at(-1)];
      this.#wildcards.push({ first, last, inner, next: 0, from: 0, until: 0 });
    }
  }

  /** Whether the value matches one of the wildcards. */
  matches(value: string): boolean {
    let started = false;
    for (const waiting of this.#waiting) waiting.length = 0;
    if (this.#looking.length === 0) this.#looking = new Uint16Array(this.#waiting.length + 1);
    this.#looking.fill(0);
    for (const wildcard of this.#wildcards) {
      const { first, last, inner } = wildcard;
      wildcard.until = value.length - last.length;
      if (first.length > wildcard.until || !value.startsWith(first) || !value.endsWith(last)) continue;
      wildcard.next = 0;
      wildcard.from = first.length;
      if (inner.length === 0) return true;
      this.#wait(wildcard, inner[0] ?? 0);
      started = true;
    }
    return started && this.#scan(value);
  }

  #scan(value: string): boolean {
    this.#automaton ??= new Automaton([...this.#ids.keys()]);
    const { classes, table, width, output, above } = this.#automaton;
    const looking = this.#looking;
    let state = 0;
    for (let at = 0; at < value.length; at += 1) {
      state = table[state * width + (classes.get(value.charCodeAt(at)) ?? 0)] ?? 0;
      for (let found = output[state] ?? 0; found !== 0; found = above[found] ?? 0) {
        if (looking[found] !== 0 && this.#advance(found - 1, at + 1)) return true;
      }
    }
    return false;
  }

  /** Moves the wildcards that look for the literal, which ends here, to their next one. */
  #advance(literal: number, end: number): boolean {
    const waiting = this.#waiting[literal] ?? [];
    const start = end - (this.#lengths[literal] ?? 0);
    for (let index = waiting.length - 1; index >= 0; index -= 1) {
      const wildcard = waiting[index];
      if (wildcard === undefined || start < wildcard.from) continue;
      waiting.splice(index, 1);
      this.#looking[literal + 1] = waiting.length;
      if (end > wildcard.until) continue;
      wildcard.next += 1;
      wildcard.from = end;
      const next = wildcard.inner[wildcard.next];
      if (next === undefined) return true;
      this.#wait(wildcard, next);
    }
    return false;
  }

  #wait(wildcard: Wildcard, literal: number): void {
    const waiting = this.#waiting[literal];
    if (waiting !== undefined) this.#looking[literal + 1] = waiting.push(wildcard);
  }

  #id(literal: string): number {
    const known = this.#ids.get(literal);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#ids.set(literal, id);
    this.#lengths.push(literal.length);
    this.#waiting.push([]);
    return id;
  }
}

/** The automaton: states as rows of a table, one column for each character of the literals and one for all others. */
class Automaton {
  readonly classes = new Map<number, number>();
  readonly width: number;
  readonly table: Uint16Array;
  /** For each state the longest literal that ends there, and for each literal the next shorter one, plus 1; 0 is none. */
  readonly output: Uint16Array;
  readonly above: Uint16Array;

  constructor(literals: readonly string[]) {
    for (const literal of literals) {
      for (let at = 0; at < literal.length; at += 1) {
        const code = literal.charCodeAt(at);
        if (!this.classes.has(code)) this.classes.set(code, this.classes.size + 1);
      }
    }
    this.width = this.classes.size + 1;
    const states = literals.reduce((sum, { length }) => sum + length, 1);
    this.table = new Uint16Array(states * this.width);
    this.output = new Uint16Array(states);
    this.above = new Uint16Array(literals.length + 1);
    this.#addAll(literals);
    this.#complete(states);
  }

  #addAll(literals: readonly string[]): void {
    let states = 1;
    literals.forEach((literal, id) => {
      let state = 0;
      for (let at = 0; at < literal.length; at += 1) {
        const cell = state * this.width + (this.classes.get(literal.charCodeAt(at)) ?? 0);
        if (this.table[cell] === 0) {
          this.table[cell] = states;
          states += 1;
        }
        state = this.table[cell] ?? 0;
      }
      this.output[state] = id + 1;
    });
  }

  /** Fills in, level by level, where each state goes for a character that it has no child for. */
  #complete(states: number): void {
    const fail = new Uint16Array(states);
    const queue = [0];
    for (const state of queue) {
      const own = this.output[state] ?? 0;
      const shorter = this.output[fail[state] ?? 0] ?? 0;
      if (state !== 0 && own === 0) this.output[state] = shorter;
      else if (state !== 0) this.above[own] = shorter;
      for (let column = 0; column < this.width; column += 1) {
        const cell = state * this.width + column;
        const child = this.table[cell] ?? 0;
        const fallback = state === 0 ? 0 : (this.table[(fail[state] ?? 0) * this.width + column] ?? 0);
        if (child === 0) {
          this.table[cell] = fallback;
        } else {
          fail[child] = fallback;
          queue.push(child);
        }
      }
    }
  }
}
