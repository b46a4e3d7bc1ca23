import { AffixTrie } from "./affix-trie.ts";
import { ipToHex } from "./ip.ts";
import { RangeIndex } from "./range-index.ts";
import { testKey } from "./test-key.ts";
import { type Matcher, matcher, type Scalar, type Test } from "./value-test.ts";

/** What is filed under one test. */
interface Entry<Item> {
  readonly item: Item;
  /** Verifies a candidate; absent if the look-up alone decides, or leaves it to the caller. */
  readonly matches: Matcher | undefined;
}

/** All wildcards that are found by the same infix. */
interface Infix<Item> {
  readonly text: string;
  readonly entries: Set<Entry<Item>>;
  /** The number of the look-up that found it last. */
  visited: number;
}

/** A structure that entries of one kind of test are in. */
interface Shelf<Item> {
  add(entry: Entry<Item>): void;
  remove(entry: Entry<Item>): void;
}

/** A wildcard is found by this many characters of its longest literal, so that a look-up reads a long value only once. */
const infixLength = 6;

/** So many places in a literal are considered. */
const infixChoices = 32;

const ascii = /^[\0-\x7f]*$/;

/**
 * An index from tests of one field to items, looked up by a value: exact values in a map, prefixes and suffixes in tries,
 * ranges in a tree, wildcards by the prefix, suffix or longest infix that a match must have, and lists of excluded values by
 * what they exclude. Every structure takes one entry more or less without being built anew.
 */
export class ValueIndex<Item> {
  readonly #entries = new Map<string, Entry<Item>>();
  readonly #exact = new Map<Scalar, Entry<Item>>();
  readonly #prefixes = new AffixTrie<Entry<Item>>("forward");
  readonly #suffixes = new AffixTrie<Entry<Item>>("backward");
  readonly #infixes = new AffixTrie<Infix<Item>>("forward");
  readonly #infixByText = new Map<string, Infix<Item>>();
  readonly #infixOf = new Map<Entry<Item>, Infix<Item>>();
  readonly #caseless = new AffixTrie<Entry<Item>>("forward");
  readonly #caselessSuffixes = new AffixTrie<Entry<Item>>("backward");
  readonly #addresses = new AffixTrie<Entry<Item>>("forward");
  readonly #ranges = new RangeIndex<Entry<Item>>();
  readonly #always = new Set<Entry<Item>>();
  /** Entries that a value passes unless it is one of theirs, and those entries for each value. */
  readonly #excluding = new Set<Entry<Item>>();
  readonly #excludedBy = new Map<Scalar, Set<Entry<Item>>>();
  /** How many entries each structure that costs a look-up has. */
  readonly #used = { prefix: 0, suffix: 0, infix: 0, caseless: 0, address: 0, range: 0 };
  readonly #hits: Item[] = [];
  #value: Scalar = null;
  #lookups = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Returns the item of a test, which `create` makes if there is none. */
  get(test: Test, create: () => Item): Item {
    const key = testKey(test);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { item: create(), matches: isDecided(test) ? undefined : matcher(test) };
      this.#entries.set(key, entry);
      this.#shelf(test, 1).add(entry);
    }
    return entry.item;
  }

  /** Returns the items of all tests. */
  *all(): Generator<Item> {
    for (const { item } of this.#entries.values()) yield item;
  }

  delete(test: Test): void {
    const key = testKey(test);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#shelf(test, -1).remove(entry);
  }

  /**
   * Returns the items of every test that the value passes, and of some wildcards that it may not pass (see `isSure`). The
   * next call reuses the array.
   */
  find(value: Scalar): readonly Item[] {
    this.#hits.length = 0;
    this.#lookups += 1;
    this.#value = value;
    const exact = this.#exact.get(value);
    if (exact !== undefined) this.#hits.push(exact.item);
    if (this.#always.size > 0) for (const entry of this.#always) this.#visit(entry);
    if (this.#excluding.size > 0) this.#findExcluding(value);
    if (typeof value === "string") this.#findText(value);
    else if (typeof value === "number" && this.#used.range > 0) this.#ranges.find(value, this.#visit);
    return this.#hits;
  }

  readonly #visit = (entry: Entry<Item>): void => {
    if (entry.matches === undefined || entry.matches(this.#value)) this.#hits.push(entry.item);
  };

  /** A value may contain the same infix thousands of times. */
  readonly #visitInfix = (infix: Infix<Item>): void => {
    if (infix.visited === this.#lookups) return;
    infix.visited = this.#lookups;
    for (const { item } of infix.entries) this.#hits.push(item);
  };

  #findExcluding(value: Scalar): void {
    const excluded = this.#excludedBy.get(value);
    for (const entry of this.#excluding)
      if (excluded === undefined || !excluded.has(entry)) this.#hits.push(entry.item);
  }

  #findText(value: string): void {
    if (this.#used.prefix > 0) this.#prefixes.find(value, this.#visit);
    if (this.#used.suffix > 0) this.#suffixes.find(value, this.#visit);
    if (this.#used.infix > 0) {
      for (let from = 0; from < value.length; from += 1) this.#infixes.find(value, this.#visitInfix, from);
    }
    if (this.#used.caseless > 0) {
      const lower = value.toLowerCase();
      this.#caseless.find(lower, this.#visit);
      this.#caselessSuffixes.find(lower, this.#visit);
    }
    if (this.#used.address > 0) {
      const digits = ipToHex(value);
      if (digits !== undefined) this.#addresses.find(digits, this.#visit);
    }
  }

  /** Returns where entries of a test are, and counts one more or less there. */
  #shelf(test: Test, by: 1 | -1): Shelf<Item> {
    switch (test.kind) {
      case "string":
      case "number":
      case "literal":
        return { add: (entry) => this.#exact.set(test.value, entry), remove: () => this.#exact.delete(test.value) };
      case "prefix":
        this.#used.prefix += by;
        return under(this.#prefixes, test.value);
      case "suffix":
        this.#used.suffix += by;
        return under(this.#suffixes, test.value);
      case "wildcard":
        return this.#wildcards(test.literals, by);
      case "equals-ignore-case":
      case "prefix-ignore-case":
      case "suffix-ignore-case":
        return this.#caselessShelf(test.kind, test.value, by);
      case "range":
        this.#used.range += by;
        return {
          add: (entry) => this.#ranges.add(test, entry),
          remove: (entry) => this.#ranges.remove(test, entry),
        };
      case "ip":
        this.#used.address += by;
        return under(this.#addresses, commonStart(test.range.from, test.range.to));
      case "exists":
        return inSet(this.#always);
      case "anything-but":
        return isExclusion(test) ? this.#exclusions(test.tests) : inSet(this.#always);
    }
  }

  #wildcards(literals: readonly string[], by: 1 | -1): Shelf<Item> {
    if (isFoundByInfix(literals)) {
      this.#used.infix += by;
      const longest = literals.reduce((one, other) => (other.length > one.length ? other : one), "");
      return { add: (entry) => this.#addInfix(longest, entry), remove: (entry) => this.#removeInfix(entry) };
    }
    const [first = "", last = ""] = [literals[0], literals.at(-1)];
    this.#used[first === "" ? "suffix" : "prefix"] += by;
    return first === "" ? under(this.#suffixes, last) : under(this.#prefixes, first);
  }

  /** Files a wildcard under those characters of its literal that the fewest others are found by. */
  #addInfix(literal: string, entry: Entry<Item>): void {
    let best = literal.slice(0, infixLength);
    for (let at = 1; at + infixLength <= literal.length && at <= infixChoices; at += 1) {
      const text = literal.slice(at, at + infixLength);
      if (this.#countInfix(text) < this.#countInfix(best)) best = text;
    }
    let infix = this.#infixByText.get(best);
    if (infix === undefined) {
      infix = { text: best, entries: new Set(), visited: 0 };
      this.#infixByText.set(best, infix);
      this.#infixes.add(best, infix);
    }
    infix.entries.add(entry);
    this.#infixOf.set(entry, infix);
  }

  #countInfix(text: string): number {
    return this.#infixByText.get(text)?.entries.size ?? 0;
  }

  #removeInfix(entry: Entry<Item>): void {
    const infix = this.#infixOf.get(entry);
    if (infix === undefined) return;
    this.#infixOf.delete(entry);
    infix.entries.delete(entry);
    if (infix.entries.size > 0) return;
    this.#infixByText.delete(infix.text);
    this.#infixes.remove(infix.text, infix);
  }

  /** Lower case finds every match of an ASCII string. Other strings may match values with a different lower case. */
  #caselessShelf(kind: string, text: string, by: 1 | -1): Shelf<Item> {
    if (!ascii.test(text)) return inSet(this.#always);
    this.#used.caseless += by;
    return under(kind === "suffix-ignore-case" ? this.#caselessSuffixes : this.#caseless, text.toLowerCase());
  }

  #exclusions(tests: readonly Test[]): Shelf<Item> {
    const values = tests.flatMap((test) => (test.kind === "string" || test.kind === "number" ? [test.value] : []));
    return {
      add: (entry) => {
        this.#excluding.add(entry);
        for (const value of values) {
          const excluded = this.#excludedBy.get(value) ?? new Set();
          this.#excludedBy.set(value, excluded.add(entry));
        }
      },
      remove: (entry) => {
        this.#excluding.delete(entry);
        for (const value of values) {
          const excluded = this.#excludedBy.get(value);
          excluded?.delete(entry);
          if (excluded?.size === 0) this.#excludedBy.delete(value);
        }
      },
    };
  }
}

/** Whether finding a test in the index proves that the value passes it. The caller must verify the others. */
export function isSure(test: Test): boolean {
  return !isInfix(test);
}

/** Whether a look-up needs no verification here: it decides, or all wildcards of a condition are verified together. */
function isDecided(test: Test): boolean {
  const { kind } = test;
  if (kind === "anything-but") return isExclusion(test);
  return isInfix(test) || (kind !== "wildcard" && kind !== "ip" && !kind.endsWith("-ignore-case"));
}

function isInfix(test: Test): boolean {
  return test.kind === "wildcard" && isFoundByInfix(test.literals);
}

/** Whether the literals between the first and the last tell more than those two. */
function isFoundByInfix(literals: readonly string[]): boolean {
  const [first = "", last = ""] = [literals[0], literals.at(-1)];
  const longest = Math.max(...literals.map(({ length }) => length));
  return first === "" && longest > last.length;
}

function isExclusion({ tests }: Extract<Test, { kind: "anything-but" }>): boolean {
  return tests.every(({ kind }) => kind === "string" || kind === "number");
}

function under<Item>(trie: AffixTrie<Entry<Item>>, text: string): Shelf<Item> {
  return { add: (entry) => trie.add(text, entry), remove: (entry) => trie.remove(text, entry) };
}

function inSet<Item>(entries: Set<Entry<Item>>): Shelf<Item> {
  return { add: (entry) => entries.add(entry), remove: (entry) => entries.delete(entry) };
}

function commonStart(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one.charCodeAt(length) === other.charCodeAt(length)) length += 1;
  return one.slice(0, length);
}
