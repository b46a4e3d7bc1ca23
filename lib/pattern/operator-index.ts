import { AffixTrie } from "./affix-trie.ts";
import { ExclusionIndex } from "./exclusion-index.ts";
import { foldCase, foldedForms } from "./ignore-case.ts";
import { InfixIndex } from "./infix-index.ts";
import { type HexRange, ipToHex } from "./ip.ts";
import { RangeIndex } from "./range-index.ts";
import { testKey } from "./test-key.ts";
import type { Scalar, Test } from "./value-test.ts";

/** What is filed under one test. */
interface Entry<Item> {
  readonly item: Item;
}

/** Where entries of one test are. */
interface Shelf<Item> {
  add(entry: Entry<Item>): void;
  remove(entry: Entry<Item>): void;
}

/**
 * An index from tests of one field, other than those for exact values, to items, looked up by a value: prefixes and suffixes
 * in tries, ranges in a tree, wildcards by the prefix, suffix or infix that a match must have, and lists of excluded values
 * by what they exclude. Each takes one entry more or less without being built anew, and is created when it is needed: most
 * fields are tested in one way.
 */
export class OperatorIndex<Item> {
  readonly #entries = new Map<string, Entry<Item>>();
  #prefixes: AffixTrie<Entry<Item>> | undefined;
  #suffixes: AffixTrie<Entry<Item>> | undefined;
  #infixes: InfixIndex<Entry<Item>> | undefined;
  #caseless: AffixTrie<Entry<Item>> | undefined;
  #caselessSuffixes: AffixTrie<Entry<Item>> | undefined;
  #addresses: AffixTrie<Entry<Item>> | undefined;
  #ranges: RangeIndex<Entry<Item>> | undefined;
  #exclusions: ExclusionIndex<Scalar, Entry<Item>> | undefined;
  /** How much of a value the tests in any case may need. */
  #longest = 0;
  readonly #hits: Item[] = [];

  get size(): number {
    return this.#entries.size;
  }

  /** Returns the item of a test, which `create` makes if there is none. */
  get(test: Test, create: () => Item): Item {
    const key = testKey(test);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { item: create() };
      this.#entries.set(key, entry);
      this.#shelf(test).add(entry);
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
    this.#shelf(test).remove(entry);
  }

  /**
   * Returns the items of the tests that the value may pass, without those that were returned in the same epoch before. Only
   * some tests are sure to be passed (see `isSure`). The next call reuses the array.
   */
  find(value: Scalar, epoch: number): readonly Item[] {
    this.#hits.length = 0;
    this.#exclusions?.find(value, epoch, this.#visit);
    if (typeof value === "string") this.#findText(value, epoch);
    else if (typeof value === "number") this.#ranges?.find(value, epoch, this.#visit);
    return this.#hits;
  }

  readonly #visit = ({ item }: Entry<Item>): void => {
    this.#hits.push(item);
  };

  #findText(value: string, epoch: number): void {
    const visit = this.#visit;
    this.#prefixes?.find(value, epoch, visit);
    this.#suffixes?.find(value, epoch, visit);
    this.#infixes?.find(value, epoch, visit);
    this.#caseless?.find(foldCase(value.slice(0, this.#longest)), epoch, visit);
    this.#caselessSuffixes?.find(foldCase(value.slice(-this.#longest)), epoch, visit);
    if (this.#addresses !== undefined) {
      const digits = ipToHex(value);
      if (digits !== undefined) this.#addresses.find(digits, epoch, visit);
    }
  }

  #shelf(test: Test): Shelf<Item> {
    switch (test.kind) {
      case "prefix":
        return this.#prefix(test.value);
      case "suffix":
        return this.#suffix(test.value);
      case "wildcard":
        return this.#wildcard(test.literals);
      case "equals-ignore-case":
      case "prefix-ignore-case":
      case "suffix-ignore-case":
        return this.#anyCase(test.kind, test.value);
      case "range": {
        this.#ranges ??= new RangeIndex();
        const ranges = this.#ranges;
        return { add: (entry) => ranges.add(test, entry), remove: (entry) => ranges.remove(test, entry) };
      }
      case "ip":
        this.#addresses ??= new AffixTrie("forward");
        return under(this.#addresses, commonStart(test.range.from, test.range.to));
      case "anything-but":
        return this.#exclusion(isExclusion(test) ? test.tests : []);
      default:
        return this.#exclusion([]);
    }
  }

  #prefix(text: string): Shelf<Item> {
    this.#prefixes ??= new AffixTrie("forward");
    return under(this.#prefixes, text);
  }

  #suffix(text: string): Shelf<Item> {
    this.#suffixes ??= new AffixTrie("backward");
    return under(this.#suffixes, text);
  }

  #wildcard(literals: readonly string[]): Shelf<Item> {
    if (!isFoundByInfix(literals)) {
      const [first = "", last = ""] = [literals[0], literals.at(-1)];
      return first === "" ? this.#suffix(last) : this.#prefix(first);
    }
    this.#infixes ??= new InfixIndex();
    const infixes = this.#infixes;
    const longest = literals.reduce((one, other) => (other.length > one.length ? other : one), "");
    return { add: (entry) => infixes.add(longest, entry), remove: (entry) => infixes.remove(entry) };
  }

  #anyCase(kind: string, text: string): Shelf<Item> {
    const backward = kind === "suffix-ignore-case";
    const { texts } = foldedForms(text, backward);
    this.#longest = Math.max(this.#longest, ...texts.map(({ length }) => length));
    if (backward) this.#caselessSuffixes ??= new AffixTrie("backward");
    else this.#caseless ??= new AffixTrie("forward");
    const trie = backward ? this.#caselessSuffixes : this.#caseless;
    return {
      add(entry) {
        for (const one of texts) trie?.add(one, entry);
      },
      remove(entry) {
        for (const one of texts) trie?.remove(one, entry);
      },
    };
  }

  #exclusion(tests: readonly Test[]): Shelf<Item> {
    this.#exclusions ??= new ExclusionIndex();
    const exclusions = this.#exclusions;
    const values = tests.flatMap((test) => (test.kind === "string" || test.kind === "number" ? [test.value] : []));
    return { add: (entry) => exclusions.add(values, entry), remove: (entry) => exclusions.remove(values, entry) };
  }
}

/** Whether finding a test in the index proves that the value passes it. The caller must verify the others. */
export function isSure(test: Test): boolean {
  switch (test.kind) {
    case "ip":
      return isFoundByDigits(test.range);
    case "wildcard":
    case "equals-ignore-case":
    case "prefix-ignore-case":
    case "suffix-ignore-case":
      return false;
    case "anything-but":
      return isExclusion(test);
    default:
      return true;
  }
}

/** Whether a block of IPv4 addresses has all that start alike. IPv6 blocks are compared with IPv4 addresses in another way. */
function isFoundByDigits({ from, to }: HexRange): boolean {
  const { length } = commonStart(from, to);
  return from.length === 8 && /^0*$/.test(from.slice(length)) && /^F*$/.test(to.slice(length));
}

/** How many tests a look-up may return that have only a start or an end in common with the value. */
export function countVague(tests: readonly Test[]): number {
  return tests.filter((test) => test.kind.endsWith("-ignore-case") && !isFoundWhole(test)).length;
}

function isFoundWhole(test: Test): boolean {
  return !("value" in test) || foldedForms(String(test.value), test.kind === "suffix-ignore-case").whole;
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

function commonStart(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one.charCodeAt(length) === other.charCodeAt(length)) length += 1;
  return one.slice(0, length);
}
