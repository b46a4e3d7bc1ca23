import type { Check } from "./check.ts";

/**
 * A name on the paths of a pattern's fields, with what the pattern's alternatives ask below it. Alternatives that ask the
 * same below a name share one part, so that an array is compared once for all of them.
 */
export interface PlanNode {
  readonly name: string;
  /** The different checks of the field whose path ends here. */
  readonly checks: readonly Check[];
  readonly children: readonly PlanNode[];
  readonly parts: readonly Part[];
}

/** The checks of one alternative at and below a node. */
export interface Part {
  /** The index of the node's own check, or -1. */
  readonly own: number;
  /** The position of the node's own field in the order in which fields are compared. */
  readonly order: number;
  /** For each child of the node the index of its part, or -1 if nothing is asked there. */
  readonly below: readonly number[];
  /** Whether every check here and below also holds for a missing field; `restOptional`: every one below. */
  readonly optional: boolean;
  readonly restOptional: boolean;
  /** How many children have a check that does not hold for a missing field. */
  readonly required: number;
  /** The index of the part with the same checks below and none here, or -1 if there are none below. */
  readonly rest: number;
}

/** A check on its way down: `names` are the steps left to its field. */
interface Demand {
  readonly names: readonly string[];
  readonly check: Check;
  readonly id: number;
  readonly order: number;
}

/** Returns the plan of a pattern's alternatives; part n of the root stands for alternative n. */
export function planArrays(alternatives: readonly (readonly Check[])[]): { root: PlanNode; partOf: readonly number[] } {
  const paths = [...new Set(alternatives.flat().map(({ condition }) => condition.path))].sort();
  const order = new Map(paths.map((path, index) => [path, index]));
  const ids = new Map<Check, number>();
  const demands = alternatives.map((checks) =>
    checks.map((check): Demand => {
      const id = ids.get(check) ?? ids.size;
      ids.set(check, id);
      const { path } = check.condition;
      return { names: path.split("."), check, id, order: order.get(path) ?? 0 };
    }),
  );
  const root = new PlanBuilder("");
  const partOf = demands.map((one) => root.part(one));
  return { root: root.build(), partOf };
}

class PlanBuilder {
  readonly #name: string;
  readonly #checks: Check[] = [];
  readonly #children = new Map<string, PlanBuilder>();
  readonly #parts: { part: Omit<Part, "below">; below: Map<string, number> }[] = [];
  readonly #known = new Map<string, number>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Returns the index of the part that asks these demands. */
  part(demands: readonly Demand[]): number {
    const key = demands.map(({ id }) => id).join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const own = demands.find(({ names }) => names.length === 0);
    const others = demands.filter((demand) => demand !== own);
    const below = new Map<string, number>();
    let required = 0;
    for (const [name, group] of Map.groupBy(others, ({ names }) => names[0] ?? "")) {
      if (group.some(({ check }) => !check.absent)) required += 1;
      below.set(name, this.#child(name).part(group.map((demand) => ({ ...demand, names: demand.names.slice(1) }))));
    }
    const restOptional = others.every(({ check }) => check.absent);
    const optional = restOptional && own?.check.absent !== false;
    const rest = own === undefined || others.length === 0 ? -1 : this.part(others);
    this.#parts.push({
      part: {
        own: own === undefined ? -1 : this.#own(own.check),
        order: own?.order ?? 0,
        ...{ optional, restOptional, required, rest },
      },
      below,
    });
    this.#known.set(key, this.#parts.length - 1);
    return this.#parts.length - 1;
  }

  build(): PlanNode {
    const children = [...this.#children.values()];
    const parts = this.#parts.map(({ part, below }) => ({
      ...part,
      below: children.map((child) => below.get(child.#name) ?? -1),
    }));
    return { name: this.#name, checks: this.#checks, children: children.map((child) => child.build()), parts };
  }

  #own(check: Check): number {
    const known = this.#checks.indexOf(check);
    return known === -1 ? this.#checks.push(check) - 1 : known;
  }

  #child(name: string): PlanBuilder {
    let child = this.#children.get(name);
    if (child === undefined) {
      child = new PlanBuilder(name);
      this.#children.set(name, child);
    }
    return child;
  }
}
