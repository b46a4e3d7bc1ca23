import { type Check, prepare } from "./check.ts";
import type { Alternative, Condition } from "./condition.ts";
import { EventFields } from "./event-fields.ts";
import { FieldTree } from "./field-tree.ts";
import { type Candidate, IndexNode } from "./index-node.ts";
import { below, invalidValue, readPlain } from "./invalid.ts";
import { isObject } from "./json-object.ts";
import { parsePattern } from "./parse.ts";
import { Rule } from "./rule.ts";
import { Popularity } from "./selectivity.ts";
import { conditionKey } from "./test-key.ts";

/** All names with equal patterns: they are matched together. */
interface Group<Name> {
  /** The epoch of the last event that matched. */
  matched: number;
  /** One of the members. The others, if there are any, are in the set: most groups have one. */
  first: Member<Name> | undefined;
  others: Set<Member<Name>> | undefined;
  readonly rule: Rule;
  readonly candidates: Candidate<Group<Name>>[];
  readonly key: string;
}

interface Member<Name> {
  readonly name: Name;
  readonly order: number;
  readonly group: Group<Name>;
}

/** Up to this many matches are sorted by insertion. */
const fewMatches = 40;

/**
 * An index of many patterns that may change at any time: adding or removing one costs what that pattern has, not what the
 * index has. Every alternative is filed under its most selective conditions (see `IndexNode`), so that an event is compared
 * only with alternatives for which it has the right values; their other conditions are checked then, each once per event.
 */
export class PatternIndex<Name> {
  readonly #tree = new FieldTree();
  readonly #fields = new EventFields(this.#tree);
  readonly #popularity = new Popularity();
  readonly #root = new IndexNode<Group<Name>>();
  readonly #members = new Map<Name, Member<Name>>();
  readonly #groups = new Map<string, Group<Name>>();
  readonly #checks = new Map<string, { readonly check: Check; users: number }>();
  #order = 0;
  #work = 0;
  #evaluated = 0;
  readonly #matched: Group<Name>[] = [];

  get size(): number {
    return this.#members.size;
  }

  /** How often a candidate was filed, for tests that count work instead of time. */
  get work(): number {
    return this.#work;
  }

  /** How many alternatives were compared with events, for tests that count work instead of time. */
  get evaluated(): number {
    return this.#evaluated;
  }

  /** Adds a pattern, or replaces the one of this name. Throws `invalid_pattern`, and then changes nothing. */
  add(name: Name, pattern: unknown, position = "pattern"): void {
    const alternatives = parsePattern(pattern, position);
    this.delete(name);
    const key = alternatives.map((alternative) => alternative.map(conditionKey).join()).join("|");
    const group = this.#groups.get(key) ?? this.#createGroup(key, alternatives);
    const member = { name, order: this.#order, group };
    this.#order += 1;
    if (group.first === undefined) {
      group.first = member;
    } else {
      group.others ??= new Set();
      group.others.add(member);
    }
    this.#members.set(name, member);
  }

  /** Removes a pattern. Returns whether there was one of this name. */
  delete(name: Name): boolean {
    const member = this.#members.get(name);
    if (member === undefined) return false;
    const { group } = member;
    this.#members.delete(name);
    if (group.first !== member) {
      group.others?.delete(member);
      return true;
    }
    group.first = group.others?.values().next().value;
    if (group.first === undefined) this.#removeGroup(group);
    else group.others?.delete(group.first);
    return true;
  }

  /** Returns the names of the matching patterns, in the order in which they were added. */
  match(event: unknown): Name[] {
    this.#fields.read(event);
    return this.#find();
  }

  /** The same as `match`, for the JSON text of an event. Throws `invalid_event` for what is not JSON. */
  matchText(text: string): Name[] {
    this.#fields.readText(text);
    return this.#find();
  }

  #find(): Name[] {
    const fields = this.#fields;
    this.#matched.length = 0;
    if (!fields.tooDeep) this.#root.find(fields, this.#visit);
    fields.release();
    return this.#names();
  }

  readonly #visit = (candidate: Candidate<Group<Name>>, sure: boolean): void => {
    const { epoch, budget } = this.#fields;
    const { owner: group } = candidate;
    if (candidate.epoch === epoch || group.matched === epoch) return;
    candidate.epoch = epoch;
    this.#evaluated += 1;
    if (!sure || !candidate.single) {
      budget.renew();
      if (!group.rule.satisfied(candidate.checks)) return;
    }
    group.matched = epoch;
    this.#matched.push(group);
  };

  /** If an eighth of all patterns match, a look at all of them is faster than sorting. */
  #names(): Name[] {
    const matched = this.#matched;
    if (matched.length === 0) return [];
    let count = 0;
    for (const { others } of matched) count += 1 + (others === undefined ? 0 : others.size);
    if (count > fewMatches && count * 8 >= this.#members.size) return this.#inOrder();
    const members: Member<Name>[] = [];
    for (const { first, others } of matched) {
      if (first !== undefined) members.push(first);
      if (others !== undefined) for (const member of others) members.push(member);
    }
    if (count > fewMatches) members.sort((one, other) => one.order - other.order);
    else sortFew(members);
    const names: Name[] = [];
    for (const { name } of members) names.push(name);
    return names;
  }

  #inOrder(): Name[] {
    const { epoch } = this.#fields;
    const names: Name[] = [];
    for (const { name, group } of this.#members.values()) if (group.matched === epoch) names.push(name);
    return names;
  }

  #createGroup(key: string, alternatives: readonly Alternative[]): Group<Name> {
    const checks = alternatives.map((alternative) => alternative.map((condition) => this.#acquire(condition)));
    const rule = new Rule(checks, this.#fields);
    const group: Group<Name> = { matched: 0, first: undefined, others: undefined, rule, candidates: [], key };
    this.#groups.set(key, group);
    for (const own of checks) {
      const candidate = { epoch: 0, owner: group, single: own.length === 1, checks: own, places: [] };
      group.candidates.push(candidate);
      this.#work += this.#root.add(candidate, this.#popularity);
    }
    return group;
  }

  #removeGroup({ key, candidates }: Group<Name>): void {
    this.#groups.delete(key);
    for (const candidate of candidates) {
      for (const place of candidate.places) place.remove(candidate);
      this.#work += candidate.places.length;
      for (const check of candidate.checks) this.#dismiss(check);
    }
  }

  #acquire(condition: Condition): Check {
    const key = conditionKey(condition);
    const known = this.#checks.get(key) ?? { check: prepare(condition, this.#tree), users: 0 };
    known.users += 1;
    this.#checks.set(key, known);
    this.#popularity.count(known.check, 1);
    return known.check;
  }

  #dismiss(check: Check): void {
    const key = conditionKey(check.condition);
    const known = this.#checks.get(key);
    if (known === undefined) return;
    this.#popularity.count(check, -1);
    known.users -= 1;
    if (known.users > 0) return;
    this.#checks.delete(key);
    this.#tree.release(check.condition.path);
  }
}

/** Sorts by insertion, which is faster for a few. */
function sortFew<Name>(members: Member<Name>[]): void {
  for (let end = 1; end < members.length; end += 1) {
    const member = members[end];
    if (member === undefined) return;
    let at = end;
    for (; at > 0; at -= 1) {
      const before = members[at - 1];
      if (before === undefined || before.order <= member.order) break;
      members[at] = before;
    }
    members[at] = member;
  }
}

/** Many compiled patterns, called with an event; or with its JSON, see `text`. */
export interface PatternMatcher<Name> {
  /** Returns the names of the patterns that match an event, in the order of the record. */
  (event: unknown): Name[];
  /**
   * The same for the JSON text of an event. It makes only those values that patterns name, so it is faster than parsing the
   * event where nothing else is read from it. Throws `invalid_event` for what is not JSON.
   */
  text(json: string): Name[];
}

/**
 * Compiles many EventBridge event patterns to one index. The returned function returns the names of the patterns that match
 * an event, in the order of the record. Its cost depends on how many patterns match, not on how many there are. Throws
 * `invalid_pattern` with the name and the position in the pattern.
 */
export function compilePatterns<Name extends string>(patterns: Readonly<Record<Name, unknown>>): PatternMatcher<Name> {
  const index = new PatternIndex<Name>();
  readPlain("patterns", () => {
    if (!isObject(patterns)) invalidValue("patterns", "an object of patterns by their names", patterns);
    for (const name in patterns) {
      if (Object.hasOwn(patterns, name)) index.add(name, patterns[name], below("patterns", name));
    }
  });
  return Object.assign((event: unknown) => index.match(event), { text: (json: string) => index.matchText(json) });
}
