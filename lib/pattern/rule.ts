import { ArrayMatcher } from "./array-matcher.ts";
import type { Check } from "./check.ts";
import type { EventFields } from "./event-fields.ts";
import { searchArrays } from "./search-arrays.ts";
import { stepsFor } from "./value-test.ts";

/** The alternatives of one pattern, compiled for events that are read through one tree. */
export class Rule {
  readonly alternatives: readonly (readonly Check[])[];
  readonly #fields: EventFields;
  #arrays: ArrayMatcher | undefined;
  #epoch = 0;
  #matchesInArrays = false;

  constructor(alternatives: readonly (readonly Check[])[], fields: EventFields) {
    this.alternatives = alternatives;
    this.#fields = fields;
  }

  /** Whether the current event matches the pattern. If the steps run out, it does not. */
  matches(): boolean {
    this.#fields.budget.renew();
    return this.alternatives.some((checks) => this.satisfied(checks));
  }

  /**
   * Whether the current event matches because of this alternative. Where the answer depends on arrays, it may be that of
   * the whole pattern. The caller renews the budget.
   */
  satisfied(checks: readonly Check[]): boolean {
    const fields = this.#fields;
    const nested = fields.nested && checks.length > 1 && dependent(checks, fields);
    for (const check of checks) if (!(nested && check.absent) && !holds(check, fields)) return false;
    if (!nested) return true;
    return fields.dotted ? searchArrays(checks, fields) : this.#matchInArrays();
  }

  #matchInArrays(): boolean {
    const { epoch, event, budget } = this.#fields;
    if (event === undefined) return false;
    if (this.#epoch !== epoch) {
      this.#arrays ??= new ArrayMatcher(this.alternatives, budget);
      this.#matchesInArrays = this.#arrays.matches(event);
      this.#epoch = epoch;
    }
    return this.#matchesInArrays;
  }
}

/** Whether one check holds, regardless of the others. */
export function holds(check: Check, fields: EventFields): boolean {
  const { epoch, budget } = fields;
  if (check.epoch === epoch) return check.held;
  const held = fields.has(check.field) ? anyMatches(check, fields) : check.absent;
  if (budget.exhausted) return false;
  check.epoch = epoch;
  check.held = held;
  return held;
}

function anyMatches(check: Check, fields: EventFields): boolean {
  const { budget } = fields;
  const first = fields.first(check.field);
  budget.spend(stepsFor(check.cost, first));
  if (check.matches(first)) return true;
  for (const value of fields.more(check.field)) {
    if (budget.exhausted) return false;
    budget.spend(stepsFor(check.cost, value));
    if (check.matches(value)) return true;
  }
  return false;
}

/** Conditions depend on one another only if values of two or more fields are in arrays of objects. */
function dependent(checks: readonly Check[], fields: EventFields): boolean {
  let inArrays = 0;
  for (const { field } of checks) if (fields.inArray(field)) inArrays += 1;
  return inArrays > 1;
}
