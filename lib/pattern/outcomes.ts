import type { Part, PlanNode } from "./array-plan.ts";
import type { Budget } from "./budget.ts";

/** Larger than every order: no check was met by a value, or no field is present. */
export const never = 0x3fff_fffe;
/** The checks of a part cannot all hold. */
export const failed = 0x3fff_ffff;

/** What one value of an event, or the part of it read so far, comes to for each part of a plan node. */
export interface Vectors {
  /** The order of the first check that a value met; `never` if all hold because their fields are missing; or `failed`. */
  readonly met: number[];
  /** The order of the first check whose field is present, or `never`. */
  readonly present: number[];
  /**
   * Of a scalar, or of an array so far: whether a value of the field itself is present (1) or meets the own check (2).
   * Of an object so far: how many checked names are missing that may not be.
   */
  readonly extra: number[];
}

/** Interned vectors: equal outcomes of a node have the same number. */
export interface Outcome extends Readonly<Vectors> {
  readonly id: number;
  /** The outcomes after the steps that were computed before. */
  readonly steps: Map<number, Outcome>;
}

/** Takes the entries of one part to the next step. */
type Combine = (part: Part, index: number, next: Vectors) => void;

/** What one entry of a new outcome costs, in time and memory, beside a comparison. */
const entryCost = 24;

/**
 * The outcomes of one plan node, and the steps between them, each computed once (hash consing with memoised transitions, as
 * in a lazily built automaton). Elements of an array that differ only in what no check asks cost one look-up each.
 */
export class Outcomes {
  readonly #parts: readonly Part[];
  readonly #budget: Budget;
  readonly #known = new Map<string, Outcome>();
  /** The outcome of a missing value, from which scalars and arrays start. */
  readonly missing: Outcome;
  /** The state from which objects start. */
  readonly object: Outcome;

  constructor({ parts, checks }: PlanNode, budget: Budget) {
    this.#parts = parts;
    this.#budget = budget;
    this.missing = this.#intern({
      met: parts.map(({ optional }) => (optional ? never : failed)),
      present: parts.map(() => never),
      extra: parts.map(() => 0),
    });
    this.object = this.#intern({
      met: parts.map(() => never),
      present: parts.map(() => never),
      extra: parts.map(({ own, required }) => (checks[own]?.absent === false ? 1 : 0) + required),
    });
  }

  get size(): number {
    return this.#known.size;
  }

  /** Computes the outcome after a step. `input`, below 2^30, says which step; equal inputs must combine equally. */
  learn(state: Outcome, input: number, combine: Combine): Outcome {
    this.#budget.spend(entryCost * (this.#parts.length + 1));
    const next = { met: [...state.met], present: [...state.present], extra: [...state.extra] };
    this.#parts.forEach((part, index) => {
      combine(part, index, next);
    });
    const outcome = this.#intern(next);
    state.steps.set(input, outcome);
    return outcome;
  }

  #intern(vectors: Vectors): Outcome {
    const key = `${vectors.met.join()} ${vectors.present.join()} ${vectors.extra.join()}`;
    let outcome = this.#known.get(key);
    if (outcome === undefined) {
      outcome = { id: this.#known.size, steps: new Map(), ...vectors };
      this.#known.set(key, outcome);
    }
    return outcome;
  }
}
