import { AffixTrie } from "./affix-trie.ts";
import { ipToHex } from "./ip.ts";
import { RangeIndex } from "./range-index.ts";
import { testKey } from "./test-key.ts";
import { type Matcher, matcher, type Scalar, type Test } from "./value-test.ts";

/** The items of a test. */
interface Entry<Item> {
  readonly items: Item[];
  /** Verifies a candidate; absent if the lookup alone proves a match. */
  readonly matches: Matcher | undefined;
  /** The number of the look-up that visited it last. */
  visited: number;
}

type Insert<Item> = (entry: Entry<Item>) => void;

/** A wildcard is found by this many characters of its longest literal, so that a look-up reads a long value only once. */
const infixLength = 8;

const ascii = /^[\0-\x7f]*$/;

/**
 * An index from tests of one field to items, looked up by a value: exact values in a map, prefixes and suffixes in tries,
 * ranges in a tree, wildcards by the prefix, suffix or longest infix that a match must have. Only tests that exclude values
 * are scanned.
 */
export class ValueIndex<Item> {
  readonly #entries = new Map<string, Entry<Item>>();
  readonly #exact = new Map<Scalar, Entry<Item>>();
  readonly #prefixes = new AffixTrie<Entry<Item>>("forward");
  readonly #suffixes = new AffixTrie<Entry<Item>>("backward");
  readonly #infixes = new AffixTrie<Entry<Item>>("forward");
  readonly #caseless = new Map<string, Entry<Item>[]>();
  readonly #caselessPrefixes = new AffixTrie<Entry<Item>>("forward");
  readonly #caselessSuffixes = new AffixTrie<Entry<Item>>("backward");
  readonly #addresses = new AffixTrie<Entry<Item>>("forward");
  readonly #ranges = new RangeIndex<Entry<Item>>();
  readonly #always: Entry<Item>[] = [];
  readonly #used = { prefix: false, suffix: false, infix: false, caseless: false, address: false, range: false };
  readonly #hits: Item[][] = [];
  #value: Scalar = null;
  #lookups = 0;

  /** Adds an item under a test. */
  add(test: Test, item: Item): void {
    const key = testKey(test);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { items: [], matches: isExactLookup(test) ? undefined : matcher(test), visited: 0 };
      this.#entries.set(key, entry);
      this.#inserter(test)(entry);
    }
    entry.items.push(item);
  }

  /** Returns the items of every test that the value passes, one list per test. The next call reuses the array. */
  find(value: Scalar): readonly (readonly Item[])[] {
    this.#hits.length = 0;
    this.#lookups += 1;
    this.#value = value;
    const exact = this.#exact.get(value);
    if (exact !== undefined) this.#hits.push(exact.items);
    for (const entry of this.#always) this.#visit(entry);
    if (typeof value === "string") this.#findText(value);
    else if (typeof value === "number") this.#findNumber(value);
    return this.#hits;
  }

  /** A value may contain the same infix thousands of times. */
  readonly #visitOnce = (entry: Entry<Item>): void => {
    if (entry.visited === this.#lookups) return;
    entry.visited = this.#lookups;
    this.#visit(entry);
  };

  readonly #visit = (entry: Entry<Item>): void => {
    if (entry.matches === undefined || entry.matches(this.#value)) this.#hits.push(entry.items);
  };

  #findText(value: string): void {
    if (this.#used.prefix) this.#prefixes.find(value, this.#visit);
    if (this.#used.suffix) this.#suffixes.find(value, this.#visit);
    if (this.#used.infix) {
      for (let from = 0; from < value.length; from += 1) this.#infixes.find(value, this.#visitOnce, from);
    }
    if (this.#used.caseless) {
      const lower = value.toLowerCase();
      for (const entry of this.#caseless.get(lower) ?? []) this.#visit(entry);
      this.#caselessPrefixes.find(lower, this.#visit);
      this.#caselessSuffixes.find(lower, this.#visit);
    }
    if (this.#used.address) {
      const digits = ipToHex(value);
      if (digits !== undefined) this.#addresses.find(digits, this.#visit);
    }
  }

  #findNumber(value: number): void {
    if (this.#used.range) this.#ranges.find(value, this.#visit);
  }

  #inserter(test: Test): Insert<Item> {
    switch (test.kind) {
      case "string":
      case "number":
      case "literal":
        return (entry) => this.#exact.set(test.value, entry);
      case "prefix":
        this.#used.prefix = true;
        return (entry) => this.#prefixes.add(test.value, entry);
      case "suffix":
        this.#used.suffix = true;
        return (entry) => this.#suffixes.add(test.value, entry);
      case "wildcard":
        return this.#wildcardInserter(test.literals);
      case "equals-ignore-case":
      case "prefix-ignore-case":
      case "suffix-ignore-case":
        return this.#caselessInserter(test.kind, test.value);
      case "range":
        this.#used.range = true;
        return (entry) => this.#ranges.add(test, entry);
      case "ip":
        this.#used.address = true;
        return (entry) => this.#addresses.add(commonStart(test.range.from, test.range.to), entry);
      case "exists":
      case "anything-but":
        return (entry) => this.#always.push(entry);
    }
  }

  #wildcardInserter(literals: readonly string[]): Insert<Item> {
    const first = literals[0] ?? "";
    const last = literals.at(-1) ?? "";
    if (first !== "") {
      this.#used.prefix = true;
      return (entry) => this.#prefixes.add(first, entry);
    }
    if (last !== "") {
      this.#used.suffix = true;
      return (entry) => this.#suffixes.add(last, entry);
    }
    this.#used.infix = true;
    const longest = literals.reduce((one, other) => (other.length > one.length ? other : one), "");
    return (entry) => this.#infixes.add(longest.slice(0, infixLength), entry);
  }

  /** Lower case finds every match of an ASCII string. Other strings may match values with a different lower case. */
  #caselessInserter(
    kind: "equals-ignore-case" | "prefix-ignore-case" | "suffix-ignore-case",
    text: string,
  ): Insert<Item> {
    if (!ascii.test(text)) return (entry) => this.#always.push(entry);
    this.#used.caseless = true;
    const lower = text.toLowerCase();
    if (kind === "prefix-ignore-case") return (entry) => this.#caselessPrefixes.add(lower, entry);
    if (kind === "suffix-ignore-case") return (entry) => this.#caselessSuffixes.add(lower, entry);
    return (entry) => {
      const entries = this.#caseless.get(lower);
      if (entries === undefined) this.#caseless.set(lower, [entry]);
      else entries.push(entry);
    };
  }
}

/** Whether finding a test in the index proves that the value passes it. */
function isExactLookup(test: Test): boolean {
  const { kind } = test;
  return kind !== "wildcard" && kind !== "ip" && kind !== "anything-but" && !kind.endsWith("-ignore-case");
}

function commonStart(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one.charCodeAt(length) === other.charCodeAt(length)) length += 1;
  return one.slice(0, length);
}
