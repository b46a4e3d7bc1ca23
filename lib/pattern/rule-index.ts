import { type Check, prepare } from "./check.ts";
import type { Condition } from "./condition.ts";
import { EventFields } from "./event-fields.ts";
import { FieldTree } from "./field-tree.ts";
import { below } from "./invalid.ts";
import { parsePattern } from "./parse.ts";
import { Rule } from "./rule.ts";
import { Popularity } from "./selectivity.ts";
import { conditionKey } from "./test-key.ts";
import { ValueIndex } from "./value-index.ts";

/** One alternative of a pattern, evaluated when the condition under which it is indexed holds. */
interface Candidate {
  readonly rule: number;
  readonly checks: readonly Check[];
  /** The epoch of the event for which it was evaluated last. */
  epoch: number;
}

/**
 * An index of many patterns. Every alternative is indexed under its most selective condition, so that an event is compared
 * only with alternatives for which it has the right value; their other conditions are checked then, each once per event.
 */
class RuleIndex {
  readonly #tree = new FieldTree();
  readonly #fields: EventFields;
  readonly #values: (ValueIndex<Candidate> | undefined)[] = [];
  /** Candidates that are evaluated if a field is missing. */
  readonly #missing: { field: number; candidate: Candidate }[] = [];
  readonly #matchedIn: number[];
  readonly #rules: readonly Rule[];

  constructor(patterns: readonly (readonly (readonly Check[])[])[], tree: FieldTree, popularity: Popularity) {
    this.#tree = tree;
    this.#fields = new EventFields(this.#tree);
    this.#rules = patterns.map((alternatives) => new Rule(alternatives, this.#fields));
    this.#matchedIn = new Array<number>(patterns.length).fill(0);
    patterns.forEach((alternatives, rule) => {
      for (const checks of alternatives) this.#add({ rule, checks, epoch: 0 }, popularity);
    });
  }

  /** Returns the numbers of the matching patterns, in order. */
  match(event: unknown): number[] {
    const fields = this.#fields;
    fields.read(event);
    const matched: number[] = [];
    if (fields.tooDeep) return matched;
    for (let index = 0; index < fields.count; index += 1) {
      const field = fields.present[index] ?? -1;
      const values = this.#values[field];
      if (values === undefined) continue;
      this.#tryAll(values.find(fields.first(field)), matched);
      for (const value of fields.more(field)) this.#tryAll(values.find(value), matched);
    }
    for (const { field, candidate } of this.#missing) if (!fields.has(field)) this.#try(candidate, matched);
    fields.release();
    return this.#sort(matched);
  }

  #tryAll(hits: readonly (readonly Candidate[])[], matched: number[]): void {
    for (const candidates of hits) for (const candidate of candidates) this.#try(candidate, matched);
  }

  #try(candidate: Candidate, matched: number[]): void {
    const { epoch } = this.#fields;
    if (candidate.epoch === epoch || this.#matchedIn[candidate.rule] === epoch) return;
    candidate.epoch = epoch;
    this.#fields.budget.renew();
    if (candidate.checks.length > 1 && this.#rules[candidate.rule]?.satisfied(candidate.checks) !== true) return;
    this.#matchedIn[candidate.rule] = epoch;
    matched.push(candidate.rule);
  }

  /** If an eighth of all patterns match, a scan of all of them is faster than sorting. */
  #sort(matched: number[]): number[] {
    if (matched.length < 2) return matched;
    if (matched.length * 8 < this.#rules.length) return matched.sort((one, other) => one - other);
    const { epoch } = this.#fields;
    let count = 0;
    for (let rule = 0; count < matched.length; rule += 1) {
      if (this.#matchedIn[rule] === epoch) {
        matched[count] = rule;
        count += 1;
      }
    }
    return matched;
  }

  #add(candidate: Candidate, popularity: Popularity): void {
    let best: Check | undefined;
    let lowest = Infinity;
    for (const check of candidate.checks) {
      const cost = popularity.cost(check.condition);
      if (cost < lowest) {
        best = check;
        lowest = cost;
      }
    }
    // If every field may be missing, the first one is evaluated before any array element is chosen, so it alone decides.
    const check = best ?? candidate.checks[0];
    if (check === undefined) return;
    if (check.absent) this.#missing.push({ field: check.field, candidate });
    for (const test of check.condition.tests) {
      let values = this.#values[check.field];
      if (values === undefined) {
        values = new ValueIndex();
        this.#values[check.field] = values;
      }
      values.add(test, candidate);
    }
  }
}

/**
 * Compiles many EventBridge event patterns to one index. The returned function returns the names of the patterns that match
 * an event, in the order of the record. Its cost depends on how many patterns match, not on how many there are. Throws
 * `invalid_pattern` with the name and the position in the pattern.
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
  const key = conditionKey(condition);
  let check = known.get(key);
  if (check === undefined) {
    check = prepare(condition, tree);
    known.set(key, check);
  }
  return check;
}
