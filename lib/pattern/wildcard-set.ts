/** One wildcard: its literals, and the numbers of those between the first and the last. */
interface Wildcard {
  readonly first: string;
  readonly last: string;
  readonly inner: readonly number[];
}

const nobody = -1;

/**
 * Matches a value with several wildcards at once, in one pass over the value: Aho and Corasick's automaton (1975) over the
 * literals between the stars, of which each wildcard takes the first that starts after the one before. The cost is linear in
 * the value, and in the literals that wildcards find.
 */
export class WildcardSet {
  /** Whether the automaton of these literals is small enough to be built. */
  static fits(wildcards: readonly (readonly string[])[]): boolean {
    const text = wildcards.flat().join("");
    return text.length < 0xffff && text.length * new Set(text).size < 0x40_0000;
  }

  readonly #wildcards: readonly Wildcard[];
  readonly #literals: readonly string[];
  /** By wildcard: the index in `inner` of the literal that it looks for, and where that may start. */
  readonly #at: Int32Array;
  readonly #from: Int32Array;
  /** The wildcards that look for a literal, as a linked list: the first by literal, and for each the one after it. */
  readonly #head: Int32Array;
  readonly #following: Int32Array;
  /**
   * By literal plus 1, if `#known` is `#changes`: of the literal and the shorter ones that end where it ends, the longest
   * that is looked for, plus 1; or 0. So literals that nobody looks for are passed over, however many end at a character.
   */
  readonly #found: Uint16Array;
  readonly #known: Uint32Array;
  /** Counts how often a literal began or ceased to be looked for. */
  #changes = 0;
  #passed = 0;
  #automaton: Automaton | undefined;

  constructor(wildcards: readonly (readonly string[])[]) {
    const ids = new Map<string, number>();
    for (const literal of wildcards.flatMap((literals) => literals.slice(1, -1))) {
      if (!ids.has(literal)) ids.set(literal, ids.size);
    }
    this.#wildcards = wildcards.map((literals) => ({
      first: literals[0] ?? "",
      last: literals.at(-1) ?? "",
      inner: literals.slice(1, -1).map((literal) => ids.get(literal) ?? 0),
    }));
    this.#literals = [...ids.keys()];
    this.#at = new Int32Array(wildcards.length);
    this.#from = new Int32Array(wildcards.length);
    this.#following = new Int32Array(wildcards.length);
    this.#head = new Int32Array(ids.size);
    this.#found = new Uint16Array(ids.size + 1);
    this.#known = new Uint32Array(ids.size + 1);
  }

  /** How many literals were passed over, for tests that count work instead of time. */
  get passed(): number {
    return this.#passed;
  }

  /** Whether the value matches one of the wildcards. */
  matches(value: string): boolean {
    this.#head.fill(nobody);
    this.#change();
    let started = false;
    for (let index = 0; index < this.#wildcards.length; index += 1) {
      const { first, last, inner } = this.#wildcards[index] ?? none;
      if (first.length + last.length > value.length) continue;
      if ((first !== "" && !value.startsWith(first)) || (last !== "" && !value.endsWith(last))) continue;
      const [literal] = inner;
      if (literal === undefined) return true;
      this.#at[index] = 0;
      this.#from[index] = first.length;
      this.#wait(index, literal);
      started = true;
    }
    return started && this.#scan(value);
  }

  #scan(value: string): boolean {
    this.#automaton ??= new Automaton(this.#literals);
    const { classes, table, width, output, above } = this.#automaton;
    let state = 0;
    for (let at = 0; at < value.length; at += 1) {
      state = table[state * width + (classes.get(value.charCodeAt(at)) ?? 0)] ?? 0;
      let found = output[state] ?? 0;
      while (found !== 0) {
        found = this.#lookedFor(found, above);
        if (found === 0) break;
        if (this.#advance(found - 1, at + 1, value.length)) return true;
        found = above[found] ?? 0;
      }
    }
    return false;
  }

  /** Returns the first literal that is looked for, of this one and the shorter ones that end where it ends; 0 is none. */
  #lookedFor(literal: number, above: Uint16Array): number {
    const [head, found, known, changes] = [this.#head, this.#found, this.#known, this.#changes];
    let at = literal;
    while (at !== 0 && head[at - 1] === nobody && known[at] !== changes) at = above[at] ?? 0;
    const first = at !== 0 && head[at - 1] === nobody ? (found[at] ?? 0) : at;
    for (let passed = literal; passed !== at; passed = above[passed] ?? 0) {
      this.#passed += 1;
      known[passed] = changes;
      found[passed] = first;
    }
    return first;
  }

  /** Moves the wildcards that look for the literal, which ends here, to their next one. Whether one has found all. */
  #advance(literal: number, end: number, length: number): boolean {
    const start = end - (this.#literals[literal]?.length ?? 0);
    let index = this.#head[literal] ?? nobody;
    this.#head[literal] = nobody;
    while (index !== nobody) {
      const following = this.#following[index] ?? nobody;
      const { inner, last } = this.#wildcards[index] ?? none;
      if (start < (this.#from[index] ?? 0)) {
        this.#wait(index, literal);
      } else if (end <= length - last.length) {
        const at = (this.#at[index] ?? 0) + 1;
        const next = inner[at];
        if (next === undefined) return true;
        this.#at[index] = at;
        this.#from[index] = end;
        this.#wait(index, next);
      }
      index = following;
    }
    if (this.#head[literal] === nobody) this.#change();
    return false;
  }

  #wait(wildcard: number, literal: number): void {
    const head = this.#head[literal] ?? nobody;
    if (head === nobody) this.#change();
    this.#following[wildcard] = head;
    this.#head[literal] = wildcard;
  }

  #change(): void {
    this.#changes += 1;
    if (this.#changes < 0xffff_ffff) return;
    this.#known.fill(0);
    this.#changes = 1;
  }
}

const none: Wildcard = { first: "", last: "", inner: [] };

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
