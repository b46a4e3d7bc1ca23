import { type Check, prepare } from "./check.ts";
import type { Condition } from "./condition.ts";
import { EventFields } from "./event-fields.ts";
import { FieldTree } from "./field-tree.ts";
import { below } from "./invalid.ts";
import { parsePattern } from "./parse.ts";
import { satisfied } from "./rule.ts";
import { Popularity } from "./selectivity.ts";
import { testKey, ValueIndex } from "./value-index.ts";

/** One alternative of a pattern, tried when the condition it is filed under holds. */
interface Candidate {
  readonly rule: number;
  readonly checks: readonly Check[];
  /** The event for which it was tried last. */
  epoch: number;
}

/**
 * Many patterns as one index. Every alternative is filed under its most selective condition, so that an event meets only
 * those that it has the right value for; what else they want is then checked, each distinct condition once an event.
 */
class RuleIndex {
  readonly #tree = new FieldTree();
  readonly #found: EventFields;
  readonly #values: (ValueIndex<Candidate> | undefined)[] = [];
  /** Candidates that a missing field leads to. */
  readonly #missing: { field: number; candidate: Candidate }[] = [];
  readonly #matchedIn: number[];
  readonly #rules: number;

  constructor(patterns: readonly (readonly (readonly Check[])[])[], tree: FieldTree, popularity: Popularity) {
    this.#tree = tree;
    this.#rules = patterns.length;
    this.#matchedIn = new Array<number>(patterns.length).fill(0);
    patterns.forEach((alternatives, rule) => {
      for (const checks of alternatives) this.#file({ rule, checks, epoch: 0 }, popularity);
    });
    this.#found = new EventFields(this.#tree);
  }

  /** The numbers of the matching patterns, in order. */
  match(event: unknown): number[] {
    const found = this.#found;
    found.read(event);
    const matched: number[] = [];
    for (let index = 0; index < found.count; index += 1) {
      const field = found.fields[index] ?? -1;
      const values = this.#values[field];
      if (values === undefined) continue;
      this.#tryAll(values.find(found.first(field)), matched);
      for (const value of found.more(field)) this.#tryAll(values.find(value), matched);
    }
    for (const { field, candidate } of this.#missing) if (!found.has(field)) this.#try(candidate, matched);
    return this.#ordered(matched);
  }

  #tryAll(hits: readonly (readonly Candidate[])[], matched: number[]): void {
    for (const candidates of hits) for (const candidate of candidates) this.#try(candidate, matched);
  }

  #try(candidate: Candidate, matched: number[]): void {
    const { epoch } = this.#found;
    if (candidate.epoch === epoch || this.#matchedIn[candidate.rule] === epoch) return;
    candidate.epoch = epoch;
    if (candidate.checks.length > 1 && !satisfied(candidate.checks, this.#found)) return;
    this.#matchedIn[candidate.rule] = epoch;
    matched.push(candidate.rule);
  }

  /** Where an eighth of all patterns match, going through all of them is faster than sorting. */
  #ordered(matched: number[]): number[] {
    if (matched.length < 2) return matched;
    if (matched.length * 8 < this.#rules) return matched.sort((one, other) => one - other);
    const { epoch } = this.#found;
    let count = 0;
    for (let rule = 0; count < matched.length; rule += 1) {
      if (this.#matchedIn[rule] === epoch) {
        matched[count] = rule;
        count += 1;
      }
    }
    return matched;
  }

  #file(candidate: Candidate, popularity: Popularity): void {
    let best: Check | undefined;
    let lowest = Infinity;
    for (const check of candidate.checks) {
      const cost = popularity.cost(check.condition);
      if (cost < lowest) {
        best = check;
        lowest = cost;
      }
    }
    // Where every field may be missing, the first is met before any array has been chosen from: it decides alone.
    const filed = best ?? candidate.checks[0];
    if (filed === undefined) return;
    if (filed.absent) this.#missing.push({ field: filed.field, candidate });
    for (const test of filed.condition.tests) {
      let values = this.#values[filed.field];
      if (values === undefined) {
        values = new ValueIndex();
        this.#values[filed.field] = values;
      }
      values.add(test, candidate);
    }
  }
}

/**
 * Makes one index of many EventBridge event patterns: given an event, it returns the names of those that match, in the
 * order of the record. An event costs what it matches, not how many patterns there are.
 * Throws `invalid_pattern` with the name, the place and the fix.
 */
export function compilePatterns<Name extends string>(
  patterns: Readonly<Record<Name, unknown>>,
): (event: unknown) => Name[] {
  const names: Name[] = [];
  const tree = new FieldTree();
  const popularity = new Popularity();
  const known = new Map<string, Check>();
  const prepared: (readonly (readonly Check[])[])[] = [];
  for (const name in patterns) {
    if (!Object.hasOwn(patterns, name)) continue;
    names.push(name);
    const alternatives = parsePattern(patterns[name], below("patterns", name));
    for (const condition of alternatives.flat()) popularity.count(condition);
    prepared.push(alternatives.map((alternative) => alternative.map((condition) => shared(condition, tree, known))));
  }
  const index = new RuleIndex(prepared, tree, popularity);
  return (event) => {
    const matched: Name[] = [];
    for (const rule of index.match(event)) {
      const name = names[rule];
      if (name !== undefined) matched.push(name);
    }
    return matched;
  };
}

function shared(condition: Condition, tree: FieldTree, known: Map<string, Check>): Check {
  const key = JSON.stringify([condition.path, condition.absent, ...condition.tests.map(testKey)]);
  let check = known.get(key);
  if (check === undefined) {
    check = prepare(condition, tree);
    known.set(key, check);
  }
  return check;
}
