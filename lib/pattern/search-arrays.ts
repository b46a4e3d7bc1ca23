import type { Budget } from "./budget.ts";
import type { Check } from "./check.ts";
import type { ArrayPath, EventFields } from "./event-fields.ts";
import { stepsFor } from "./value-test.ts";

/** The array paths of a field's values, by the outermost array and the index in it. */
interface ValuePaths {
  /** Whether some value is outside all arrays. */
  outside: boolean;
  readonly byArray: Map<number, Map<number, ArrayPath[]>>;
}

/** What one choice costs beside a comparison, in time and memory. */
const choiceCost = 100;

/**
 * Whether the checks hold for values of which no two are in different elements of the same array, for an event that may
 * spell a field in several ways (`"a.b"` beside `a` with `b` inside it). Checks are evaluated in order, as in AWS's engine,
 * so that a field is absent if none of its values is compatible with the elements chosen before. After each check only the
 * chosen elements are kept, and only those of arrays that later checks use.
 *
 * With several spellings the choices multiply (the problem is that of an exact cover), so the budget bounds them: if it runs
 * out, the checks do not hold.
 */
export function searchArrays(checks: readonly Check[], fields: EventFields): boolean {
  const later = arraysLater(checks, fields);
  let choices: (ArrayPath | null)[] = [null];
  for (const [index, check] of checks.entries()) {
    const matching = valuePaths(fields, check, true);
    const all = check.absent ? valuePaths(fields, check, false) : undefined;
    const arrays = arraysOf(fields, check.field);
    const next = new Map<string, ArrayPath | null>();
    for (const choice of choices) {
      const missing = all !== undefined && !all.outside && compatible(all, choice, fields.budget).next().done === true;
      const bound = boundElement(choice, arrays);
      const merged = (matching.outside && bound === undefined) || missing ? [choice] : [];
      for (const arrayPath of compatible(matching, choice, fields.budget)) {
        if (bound === undefined || indexIn(arrayPath, bound.array) === bound.index)
          merged.push(merge(choice, arrayPath));
      }
      fields.budget.spend(merged.length * choiceCost);
      if (fields.budget.exhausted) return false;
      for (const one of merged) {
        const restricted = restrict(one, later[index]);
        next.set(keyOf(restricted), restricted);
      }
    }
    if (next.size === 0) return false;
    choices = [...next.values()];
  }
  return true;
}

/** Returns, for each check, the arrays that contain values of the checks after it. */
function arraysLater(checks: readonly Check[], fields: EventFields): ReadonlySet<number>[] {
  const later: Set<number>[] = [];
  let arrays = new Set<number>();
  for (const { field } of checks.toReversed()) {
    later.unshift(arrays);
    arrays = new Set([...arrays, ...arraysOf(fields, field)]);
  }
  return later;
}

/** Returns the arrays that contain values of a field. */
function arraysOf(fields: EventFields, field: number): Set<number> {
  const arrays = new Set<number>();
  if (!fields.has(field)) return arrays;
  for (const arrayPath of fields.arrayPaths(field)) {
    // An array is added together with those around it.
    for (let at = arrayPath; at !== null && !arrays.has(at.array); at = at.outer) arrays.add(at.array);
    fields.budget.spend(4);
  }
  return arrays;
}

/**
 * Returns an element chosen before of one of the arrays. AWS's engine then accepts only values in that element, and none that
 * a dotted name places outside the array.
 */
function boundElement(choice: ArrayPath | null, arrays: ReadonlySet<number>): ArrayPath | undefined {
  for (let at = choice; at !== null; at = at.outer) if (arrays.has(at.array)) return at;
  return undefined;
}

function valuePaths(fields: EventFields, check: Check, onlyMatching: boolean): ValuePaths {
  const result: ValuePaths = { outside: false, byArray: new Map() };
  if (!fields.has(check.field)) return result;
  const arrayPaths = fields.arrayPaths(check.field);
  const values = [fields.first(check.field), ...fields.more(check.field)];
  for (const [index, value] of values.entries()) {
    fields.budget.spend(10 + stepsFor(check.cost, value));
    if (fields.budget.exhausted) break;
    if (onlyMatching && !check.matches(value)) continue;
    const arrayPath = arrayPaths[index] ?? null;
    if (arrayPath === null) result.outside = true;
    else addPath(result, arrayPath, fields.budget);
  }
  return result;
}

function addPath(result: ValuePaths, arrayPath: ArrayPath, budget: Budget): void {
  let outermost = arrayPath;
  while (outermost.outer !== null) {
    outermost = outermost.outer;
    budget.spend(1);
  }
  let byIndex = result.byArray.get(outermost.array);
  if (byIndex === undefined) {
    byIndex = new Map();
    result.byArray.set(outermost.array, byIndex);
  }
  const paths = byIndex.get(outermost.index);
  if (paths === undefined) byIndex.set(outermost.index, [arrayPath]);
  else if (paths.at(-1) !== arrayPath) paths.push(arrayPath);
}

/** Yields the array paths that contradict no element chosen before. */
function* compatible(paths: ValuePaths, choice: ArrayPath | null, budget: Budget): Generator<ArrayPath> {
  for (const [array, byIndex] of paths.byArray) {
    const chosen = indexIn(choice, array);
    const candidates = chosen === undefined ? [...byIndex.values()].flat() : (byIndex.get(chosen) ?? []);
    for (const arrayPath of candidates) {
      if (isCompatible(choice, arrayPath, budget)) yield arrayPath;
      if (budget.exhausted) return;
    }
  }
}

function isCompatible(choice: ArrayPath | null, arrayPath: ArrayPath, budget: Budget): boolean {
  for (let at: ArrayPath | null = arrayPath; at !== null; at = at.outer) {
    budget.spend(10);
    const chosen = indexIn(choice, at.array);
    if (chosen !== undefined && chosen !== at.index) return false;
  }
  return true;
}

function indexIn(choice: ArrayPath | null, array: number): number | undefined {
  for (let at = choice; at !== null; at = at.outer) if (at.array === array) return at.index;
  return undefined;
}

function merge(choice: ArrayPath | null, arrayPath: ArrayPath): ArrayPath | null {
  let merged = choice;
  for (let at: ArrayPath | null = arrayPath; at !== null; at = at.outer) {
    if (indexIn(choice, at.array) === undefined) merged = { array: at.array, index: at.index, outer: merged };
  }
  return merged;
}

/** Keeps only the elements of the given arrays. */
function restrict(choice: ArrayPath | null, arrays: ReadonlySet<number> | undefined): ArrayPath | null {
  let restricted: ArrayPath | null = null;
  for (let at = choice; at !== null; at = at.outer) {
    if (arrays?.has(at.array) === true) restricted = { array: at.array, index: at.index, outer: restricted };
  }
  return restricted;
}

function keyOf(choice: ArrayPath | null): string {
  const parts: string[] = [];
  for (let at = choice; at !== null; at = at.outer) parts.push(`${at.array}:${at.index}`);
  return parts.sort().join(" ");
}
