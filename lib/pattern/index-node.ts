import type { Check } from "./check.ts";
import type { EventFields } from "./event-fields.ts";
import { isSure } from "./operator-index.ts";
import type { Popularity } from "./selectivity.ts";
import { ValueIndex } from "./value-index.ts";
import type { Scalar, Test } from "./value-test.ts";

/** One alternative of a pattern, evaluated when the conditions under which it is filed hold. */
export interface Candidate<Owner> {
  /** The epoch of the event for which it was evaluated last. */
  epoch: number;
  readonly owner: Owner;
  /** Whether it has only one check. */
  readonly single: boolean;
  readonly checks: readonly Check[];
  /** Every bucket that it is in. */
  readonly places: Bucket<Owner>[];
}

/** Called with a candidate; `sure` if the look-up alone proves the condition under which it was found. */
export type Visit<Owner> = (candidate: Candidate<Owner>, sure: boolean) => void;

/** A bucket with more candidates is split by another condition. */
const bucketSize = 16;

/** Below the first level, conditions with more tests are not used: each would be a place of its own. */
const manyTests = 8;

/**
 * Below the first level, a field with more values than this is not looked up, but all that is filed by it is evaluated:
 * there may be many nodes, each of which would look up all values.
 */
const manyValues = 1_000;

const none: never[] = [];

/** Candidates filed under one test. Many are filed once more, by another of their conditions, in a node below. */
class Bucket<Owner> {
  #epoch = 0;
  /** The first candidate is not in the list: most buckets have one, and a look-up costs the memory that it reads. */
  #first: Candidate<Owner> | undefined;
  #others: Candidate<Owner>[] = none;
  #node: IndexNode<Owner> | undefined;
  readonly #sure: boolean;
  #size = 0;
  splitAt = bucketSize;
  readonly #used: readonly Check[];
  readonly #above: Bucket<Owner> | undefined;
  readonly #discard: () => void;

  constructor(sure: boolean, used: readonly Check[], above: Bucket<Owner> | undefined, discard: () => void) {
    this.#sure = sure;
    this.#used = used;
    this.#above = above;
    this.#discard = discard;
  }

  add(candidate: Candidate<Owner>, popularity: Popularity): number {
    if (this.#node !== undefined) return 1 + this.#node.add(candidate, popularity);
    this.#count(1);
    if (this.#first === undefined) this.#first = candidate;
    else if (this.#others === none) this.#others = [candidate];
    else this.#others.push(candidate);
    candidate.places.push(this);
    return this.#others.length < this.splitAt ? 1 : 1 + this.#split(popularity);
  }

  /** Visits its candidates, and those below, unless it did so for this event. */
  find(fields: EventFields, visit: Visit<Owner>, sure: boolean): void {
    if (this.#epoch === fields.epoch) return;
    this.#epoch = fields.epoch;
    const found = sure && this.#sure;
    if (this.#first !== undefined) visit(this.#first, found);
    if (this.#others.length > 0) for (const candidate of this.#others) visit(candidate, found);
    if (this.#node !== undefined) this.#node.find(fields, visit, found);
  }

  /** Takes a candidate out that is in this bucket itself. */
  remove(candidate: Candidate<Owner>): void {
    const last = this.#others.pop();
    if (this.#first === candidate) this.#first = last;
    else if (last !== undefined && last !== candidate) this.#others[this.#others.indexOf(candidate)] = last;
    if (this.#others.length === 0) this.#others = none;
    this.#count(-1);
  }

  /** Counts places in this bucket and in those above. An empty bucket is discarded. */
  #count(by: number): void {
    this.#size += by;
    if (this.#size === 0) this.#discard();
    if (this.#above !== undefined) this.#above.#count(by);
  }

  #split(popularity: Popularity): number {
    const node = new IndexNode(this.#used, this);
    const all = this.#first === undefined ? this.#others : [this.#first, ...this.#others];
    const moving = all.filter(({ checks }) => node.bestCheck(checks, popularity) !== undefined);
    this.splitAt = all.length * 2;
    if (moving.length * 2 < all.length) return 1;
    this.#first = undefined;
    this.#others = none;
    this.#node = node;
    let work = 0;
    for (const candidate of all) {
      candidate.places.splice(candidate.places.indexOf(this), 1);
      work += node.add(candidate, popularity);
    }
    this.#count(-all.length);
    return work;
  }
}

/**
 * A node of the index: candidates by one of their conditions that no node above has used, each by the condition that the
 * fewest others share. So an event meets only candidates for which it has the right values, also where thousands share all
 * conditions but one.
 */
export class IndexNode<Owner> {
  readonly #values = new Map<number, ValueIndex<Bucket<Owner>>>();
  /** The same, by the number of the field: only at the first level, which has one for most fields of an event. */
  readonly #byField: (ValueIndex<Bucket<Owner>> | undefined)[] = [];
  /** Candidates without another condition to file them under. */
  #rest: Bucket<Owner> | undefined;
  /** Candidates that are evaluated if a field is missing. */
  readonly #missing = new Map<number, Bucket<Owner>>();
  readonly #used: readonly Check[];
  readonly #above: Bucket<Owner> | undefined;

  constructor(used: readonly Check[] = [], above?: Bucket<Owner>) {
    this.#used = used;
    this.#above = above;
  }

  /** Files a candidate, and returns how many times it or another one was filed. */
  add(candidate: Candidate<Owner>, popularity: Popularity): number {
    const best = this.bestCheck(candidate.checks, popularity);
    if (best !== undefined) return this.#file(candidate, best, popularity);
    const [first] = candidate.checks;
    if (this.#above !== undefined || first === undefined) {
      if (this.#rest === undefined) {
        this.#rest = new Bucket(true, this.#used, this.#above, () => undefined);
        this.#rest.splitAt = Infinity;
      }
      return this.#rest.add(candidate, popularity);
    }
    // If every field may be missing, the first is evaluated before any array element is chosen, so it alone decides.
    let bucket = this.#missing.get(first.field);
    if (bucket === undefined) {
      bucket = new Bucket(true, [first], undefined, () => this.#missing.delete(first.field));
      bucket.splitAt = Infinity;
      this.#missing.set(first.field, bucket);
    }
    return bucket.add(candidate, popularity) + this.#file(candidate, first, popularity);
  }

  /** Visits every candidate that the event may match. */
  find(fields: EventFields, visit: Visit<Owner>, sure = true): void {
    if (this.#above === undefined) {
      for (let index = 0; index < fields.count; index += 1) {
        const field = fields.present[index] ?? -1;
        const values = this.#byField[field];
        if (values !== undefined) this.#findIn(values, field, fields, visit, sure);
      }
    } else if (this.#values.size > fields.count) {
      for (let index = 0; index < fields.count; index += 1) {
        const field = fields.present[index] ?? -1;
        const values = this.#values.get(field);
        if (values !== undefined) this.#findIn(values, field, fields, visit, sure);
      }
    } else {
      for (const [field, values] of this.#values) {
        if (fields.has(field)) this.#findIn(values, field, fields, visit, sure);
      }
    }
    this.#rest?.find(fields, visit, sure);
    if (this.#missing.size === 0) return;
    for (const [field, bucket] of this.#missing) if (!fields.has(field)) bucket.find(fields, visit, true);
  }

  #findIn(
    values: ValueIndex<Bucket<Owner>>,
    field: number,
    fields: EventFields,
    visit: Visit<Owner>,
    sure: boolean,
  ): void {
    const more = fields.more(field);
    if (this.#above !== undefined && more.length > manyValues) {
      for (const bucket of values.all()) bucket.find(fields, visit, false);
      return;
    }
    this.#findValue(values, fields.first(field), fields, visit, sure);
    for (const value of more) this.#findValue(values, value, fields, visit, sure);
  }

  #findValue(
    values: ValueIndex<Bucket<Owner>>,
    value: Scalar,
    fields: EventFields,
    visit: Visit<Owner>,
    sure: boolean,
  ): void {
    values.exact(value)?.find(fields, visit, sure);
    for (const bucket of values.others(value, fields.epoch)) bucket.find(fields, visit, sure);
  }

  /** Returns the most selective check that was not used above. */
  bestCheck(checks: readonly Check[], popularity: Popularity): Check | undefined {
    let best: Check | undefined;
    let lowest = Infinity;
    for (const check of checks) {
      if (this.#used.includes(check) || (this.#above !== undefined && check.keys.length > manyTests)) continue;
      const cost = popularity.cost(check);
      if (cost < lowest) {
        best = check;
        lowest = cost;
      }
    }
    return best;
  }

  #file(candidate: Candidate<Owner>, check: Check, popularity: Popularity): number {
    let work = 0;
    for (const test of check.condition.tests) work += this.#bucket(check, test).add(candidate, popularity);
    return work;
  }

  #bucket(check: Check, test: Test): Bucket<Owner> {
    let values = this.#values.get(check.field);
    if (values === undefined) {
      values = new ValueIndex();
      this.#values.set(check.field, values);
      if (this.#above === undefined) {
        while (this.#byField.length <= check.field) this.#byField.push(undefined);
        this.#byField[check.field] = values;
      }
    }
    const index = values;
    return index.get(
      test,
      () =>
        new Bucket(isSure(test), [...this.#used, check], this.#above, () => {
          index.delete(test);
          if (index.size > 0) return;
          this.#values.delete(check.field);
          if (this.#above === undefined) this.#byField[check.field] = undefined;
        }),
    );
  }
}
