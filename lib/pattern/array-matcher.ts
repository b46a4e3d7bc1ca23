import { type PlanNode, planArrays } from "./array-plan.ts";
import type { Budget } from "./budget.ts";
import type { Check } from "./check.ts";
import { isObject } from "./json-object.ts";
import { failed, type Outcome, Outcomes } from "./outcomes.ts";
import { isScalar, type Scalar, stepsFor } from "./value-test.ts";

/** A plan node and what its values came to. */
interface Place {
  readonly plan: PlanNode;
  readonly children: readonly Place[];
  readonly byName: ReadonlyMap<string, number>;
  readonly outcomes: Outcomes;
}

/** The steps of a place: one of these, with the number of what is added. */
const scalarStep = 0;
const fieldStep = 1;
const elementStep = 2;
const directStep = 3;
const endOfArray = 0x3fff_fff0;
const endOfObject = 0x3fff_fff1;

/** Up to this many fields of a level are looked up by name; otherwise all names of the object are read. */
const maxLookups = 6;

/** More outcomes than this are forgotten after the event that made them. */
const keptOutcomes = 2_000;

/**
 * Matches arrays consistently: whether some alternative of a pattern holds for values of which no two are in different
 * elements of the same array. Checks are evaluated in the order of their paths, as in AWS's engine, so that a field counts as
 * missing if it is missing in the elements chosen before.
 *
 * The event is read once, from the leaves up. Objects need all of their fields. An array needs one element that has them
 * all, and the first of its fields that is present anywhere must be met in that element: until then none was chosen, so that
 * a field is missing only if no element has it. So the cost is linear in the size of the event, whatever the alternatives
 * share. Only for events in which no field has two spellings; see `searchArrays`.
 */
export class ArrayMatcher {
  readonly #plan: PlanNode;
  readonly #partOf: readonly number[];
  readonly #budget: Budget;
  #root: Place;

  constructor(alternatives: readonly (readonly Check[])[], budget: Budget) {
    const { root, partOf } = planArrays(alternatives);
    this.#plan = root;
    this.#partOf = partOf;
    this.#budget = budget;
    this.#root = place(root, budget);
  }

  /** Whether an alternative matches the event. If the budget runs out, none does. */
  matches(event: Readonly<Record<string, unknown>>): boolean {
    const { met } = this.#object(this.#root, event);
    if (outcomesIn(this.#root) > keptOutcomes) this.#root = place(this.#plan, this.#budget);
    return !this.#budget.exhausted && this.#partOf.some((part) => met[part] !== failed);
  }

  #value(at: Place, value: unknown): Outcome {
    this.#budget.spend(1);
    if (isScalar(value)) return this.#scalar(at, value);
    if (Array.isArray(value)) return this.#array(at, value);
    return at.children.length > 0 && isObject(value) ? this.#object(at, value) : at.outcomes.missing;
  }

  #scalar({ plan, outcomes }: Place, value: Scalar): Outcome {
    let state = outcomes.missing;
    for (let index = 0; index < plan.checks.length; index += 1) {
      const check = plan.checks[index];
      if (check === undefined) continue;
      this.#budget.spend(stepsFor(check.cost, value));
      const holds = check.matches(value);
      const input = (index * 2 + (holds ? 1 : 0)) * 4 + scalarStep;
      state =
        state.steps.get(input) ??
        outcomes.learn(state, input, (part, at, next) => {
          if (part.own !== index) return;
          next.present[at] = part.order;
          next.met[at] = holds && part.restOptional ? part.order : failed;
          next.extra[at] = holds ? 2 : 1;
        });
    }
    return state;
  }

  #object(at: Place, fields: Readonly<Record<string, unknown>>): Outcome {
    const { children, outcomes } = at;
    let state = outcomes.object;
    if (children.length <= maxLookups) {
      for (let child = 0; child < children.length; child += 1) {
        const name = children[child]?.plan.name ?? "";
        const value = fields[name];
        if (value !== undefined && Object.hasOwn(fields, name)) state = this.#field(at, state, child, value);
      }
    } else {
      for (const name in fields) {
        this.#budget.spend(1);
        const child = at.byName.get(name);
        if (child !== undefined && Object.hasOwn(fields, name)) state = this.#field(at, state, child, fields[name]);
      }
    }
    return (
      state.steps.get(endOfObject) ??
      outcomes.learn(state, endOfObject, (_, index, next) => {
        if ((next.extra[index] ?? 0) > 0) next.met[index] = failed;
        next.extra[index] = 0;
      })
    );
  }

  #field({ children, outcomes }: Place, state: Outcome, child: number, value: unknown): Outcome {
    const below = children[child];
    if (below === undefined || this.#budget.exhausted) return state;
    const found = this.#value(below, value);
    const input = (found.id * children.length + child) * 4 + fieldStep;
    return (
      state.steps.get(input) ??
      outcomes.learn(state, input, (part, index, next) => {
        const asked = part.below[child] ?? -1;
        if (asked === -1) return;
        next.met[index] = met(next.met[index], found.met[asked]);
        next.present[index] = Math.min(next.present[index] ?? 0, found.present[asked] ?? 0);
        if (below.plan.parts[asked]?.optional === false) next.extra[index] = (next.extra[index] ?? 0) - 1;
      })
    );
  }

  #array(at: Place, elements: readonly unknown[]): Outcome {
    const { outcomes } = at;
    let state = outcomes.missing;
    for (const element of elements) {
      if (this.#budget.exhausted) break;
      const direct = isScalar(element);
      const found = this.#value(at, element);
      const input = found.id * 4 + (direct ? directStep : elementStep);
      state =
        state.steps.get(input) ??
        outcomes.learn(state, input, (_, index, next) => {
          if (direct) {
            next.extra[index] = Math.max(next.extra[index] ?? 0, found.extra[index] ?? 0);
            return;
          }
          next.met[index] = Math.min(next.met[index] ?? 0, found.met[index] ?? 0);
          next.present[index] = Math.min(next.present[index] ?? 0, found.present[index] ?? 0);
        });
    }
    const last = state;
    return (
      last.steps.get(endOfArray) ??
      outcomes.learn(last, endOfArray, (part, index, next) => {
        const direct = last.extra[index] ?? 0;
        next.extra[index] = 0;
        if (direct > 0) next.present[index] = part.order;
        const inElement = next.met[index] === next.present[index];
        const beside = direct === 2 && (part.rest === -1 || last.met[part.rest] === last.present[part.rest]);
        if (beside) next.met[index] = part.order;
        else if (!inElement) next.met[index] = failed;
      })
    );
  }
}

/** Both must hold; the first that a value met counts. */
function met(one = failed, other = failed): number {
  return one === failed || other === failed ? failed : Math.min(one, other);
}

function place(plan: PlanNode, budget: Budget): Place {
  const byName = new Map(plan.children.map(({ name }, index) => [name, index]));
  return {
    plan,
    children: plan.children.map((child) => place(child, budget)),
    byName,
    outcomes: new Outcomes(plan, budget),
  };
}

function outcomesIn({ outcomes, children }: Place): number {
  return children.reduce((sum, child) => sum + outcomesIn(child), outcomes.size);
}
