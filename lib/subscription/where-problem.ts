import { didYouMean } from "../event/nearest.ts";
import { metadataPathProblem } from "./key-path.ts";

const fields: readonly string[] = ["data", "metadata", "source", "id", "time", "$or"];

/** A field of a `where` that no event has. */
export interface WhereProblem {
  /** Its path, as in `where.metadata.agent`. */
  readonly field: string;
  readonly problem: string;
}

/** Returns the first field of a `where` that no event has, in nested and in dotted form, or `undefined`. */
export function whereProblem(where: unknown, path = "where"): WhereProblem | undefined {
  return first(where, (name, part) => {
    const field = `${path}.${name}`;
    if (name === "$or") return inBranches(part, (branch, index) => whereProblem(branch, `${field}[${index}]`));
    if (name === "type") return { field, problem: `${field} is not allowed; name types in \`on\`` };
    if (!fields.includes(name.split(".", 1)[0] ?? "")) {
      const fix = didYouMean(name, fields, `the fields are ${fields.join(", ")}`);
      return { field, problem: `unknown field ${field}${fix}` };
    }
    return name === "metadata" ? metadataProblem(part, field) : named(metadataPathProblem(name), field);
  });
}

function metadataProblem(metadata: unknown, path: string): WhereProblem | undefined {
  return first(metadata, (name, part) => {
    const field = `${path}.${name}`;
    if (name === "$or") return inBranches(part, (branch, index) => metadataProblem(branch, `${field}[${index}]`));
    return named(metadataPathProblem(`metadata.${name}`), field);
  });
}

function named(problem: string | undefined, field: string): WhereProblem | undefined {
  return problem === undefined ? undefined : { field, problem: `unknown field ${field}; ${problem}` };
}

/** What is no object is left to the check of the pattern. */
function first(
  object: unknown,
  check: (name: string, part: unknown) => WhereProblem | undefined,
): WhereProblem | undefined {
  if (typeof object !== "object" || object === null || Array.isArray(object)) return undefined;
  for (const [name, part] of Object.entries(object)) {
    const found = check(name, part);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inBranches(
  branches: unknown,
  check: (branch: unknown, index: number) => WhereProblem | undefined,
): WhereProblem | undefined {
  if (!Array.isArray(branches)) return undefined;
  for (const [index, branch] of branches.entries()) {
    const found = check(branch, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
