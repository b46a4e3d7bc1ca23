import { AffixTrie } from "./affix-trie.ts";

/** All entries that are found by the same infix. */
interface Infix<Entry> {
  readonly text: string;
  readonly entries: Set<Entry>;
  /** The epoch in which its entries were visited last. */
  visited: number;
}

/** An entry is found by this many characters of its literal, so that a look-up reads a long value only once. */
const infixLength = 6;

/** So many places in a literal are considered. */
const infixChoices = 32;

/** Up to this many infixes are searched for one by one. */
const fewInfixes = 8;

/** An index from literals to entries, looked up by a value that may contain some of them. */
export class InfixIndex<Entry> {
  readonly #byText = new Map<string, Infix<Entry>>();
  readonly #byEntry = new Map<Entry, Infix<Entry>>();
  readonly #trie = new AffixTrie<Infix<Entry>>("forward");

  /** Files an entry under those characters of its literal by which the fewest others are found. */
  add(literal: string, entry: Entry): void {
    let best = literal.slice(0, infixLength);
    for (let at = 1; at + infixLength <= literal.length && at <= infixChoices; at += 1) {
      const text = literal.slice(at, at + infixLength);
      if (this.#count(text) < this.#count(best)) best = text;
    }
    let infix = this.#byText.get(best);
    if (infix === undefined) {
      infix = { text: best, entries: new Set(), visited: 0 };
      this.#byText.set(best, infix);
      this.#trie.add(best, infix);
    }
    infix.entries.add(entry);
    this.#byEntry.set(entry, infix);
  }

  remove(entry: Entry): void {
    const infix = this.#byEntry.get(entry);
    if (infix === undefined) return;
    this.#byEntry.delete(entry);
    infix.entries.delete(entry);
    if (infix.entries.size > 0) return;
    this.#byText.delete(infix.text);
    this.#trie.remove(infix.text, infix);
  }

  /** Visits every entry of whose literal the value contains the characters that it is filed under, each once in an epoch. */
  find(value: string, epoch: number, visit: (entry: Entry) => void): void {
    const visitAll = (infix: Infix<Entry>) => {
      infix.visited = epoch;
      for (const entry of infix.entries) visit(entry);
    };
    if (this.#byText.size > fewInfixes) {
      for (let from = 0; from < value.length; from += 1) this.#trie.find(value, epoch, visitAll, from);
      return;
    }
    for (const infix of this.#byText.values()) {
      if (infix.visited !== epoch && value.includes(infix.text)) visitAll(infix);
    }
  }

  #count(text: string): number {
    return this.#byText.get(text)?.entries.size ?? 0;
  }
}
