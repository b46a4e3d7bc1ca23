import type { Check } from "./check.ts";
import type { ArrayPath, EventFields } from "./event-fields.ts";

/** The arrayPaths of values by the outermost array around them and the index in it; `free` if some value lies in none. */
interface Places {
  free: boolean;
  readonly byArray: Map<number, Map<number, ArrayPath[]>>;
}

/**
 * Whether the checks hold for values of which no two lie in different elements of the same array. Checks are taken in
 * order, as AWS's engine does, so that a field is absent if no value of it agrees with the elements chosen before it.
 * What is kept after each check is which elements it settled on, and only of arrays that later checks meet again.
 */
export function matchArrayConsistently(checks: readonly Check[], found: EventFields): boolean {
  const later = arraysLater(checks, found);
  let choices: (ArrayPath | null)[] = [null];
  for (const [index, check] of checks.entries()) {
    const matching = places(found, check, true);
    const all = check.absent ? places(found, check, false) : undefined;
    const around = arraysAround(found, check.field);
    const next = new Map<string, ArrayPath | null>();
    for (const choice of choices) {
      const missing = all !== undefined && !all.free && agreeing(all, choice).next().done === true;
      const bound = boundTo(choice, around);
      const merged = (matching.free && bound === undefined) || missing ? [choice] : [];
      for (const arrayPath of agreeing(matching, choice)) {
        if (bound === undefined || indexIn(arrayPath, bound.array) === bound.index)
          merged.push(merge(choice, arrayPath));
      }
      for (const one of merged) {
        const kept = keep(one, later[index]);
        next.set(keyOf(kept), kept);
      }
    }
    if (next.size === 0) return false;
    choices = [...next.values()];
  }
  return true;
}

/** For each check, the arrays around values of the checks after it. */
function arraysLater(checks: readonly Check[], found: EventFields): ReadonlySet<number>[] {
  const later: Set<number>[] = [];
  let arrays = new Set<number>();
  for (const { field } of checks.toReversed()) {
    later.unshift(arrays);
    arrays = new Set([...arrays, ...arraysAround(found, field)]);
  }
  return later;
}

function arraysAround(found: EventFields, field: number): Set<number> {
  const arrays = new Set<number>();
  if (!found.has(field)) return arrays;
  for (const arrayPath of found.arrayPaths(field)) {
    for (let at = arrayPath; at !== null; at = at.outer) arrays.add(at.array);
  }
  return arrays;
}

/**
 * An element chosen before, of an array that some value of the field lies in: AWS's engine then takes values of that
 * element only, and none that a dotted name puts outside the array.
 */
function boundTo(choice: ArrayPath | null, around: ReadonlySet<number>): ArrayPath | undefined {
  for (let at = choice; at !== null; at = at.outer) if (around.has(at.array)) return at;
  return undefined;
}

function places(found: EventFields, check: Check, onlyMatching: boolean): Places {
  const result: Places = { free: false, byArray: new Map() };
  if (!found.has(check.field)) return result;
  const arrayPaths = found.arrayPaths(check.field);
  const values = [found.first(check.field), ...found.more(check.field)];
  for (const [index, value] of values.entries()) {
    if (onlyMatching && !check.matches(value)) continue;
    const arrayPath = arrayPaths[index] ?? null;
    if (arrayPath === null) result.free = true;
    else addPlace(result, arrayPath);
  }
  return result;
}

function addPlace(result: Places, arrayPath: ArrayPath): void {
  let outermost = arrayPath;
  while (outermost.outer !== null) outermost = outermost.outer;
  let byIndex = result.byArray.get(outermost.array);
  if (byIndex === undefined) {
    byIndex = new Map();
    result.byArray.set(outermost.array, byIndex);
  }
  const sharing = byIndex.get(outermost.index);
  if (sharing === undefined) byIndex.set(outermost.index, [arrayPath]);
  else if (sharing.at(-1) !== arrayPath) sharing.push(arrayPath);
}

/** The arrayPaths that contradict no element chosen before. */
function* agreeing(among: Places, choice: ArrayPath | null): Generator<ArrayPath> {
  for (const [array, byIndex] of among.byArray) {
    const chosen = indexIn(choice, array);
    const candidates = chosen === undefined ? [...byIndex.values()].flat() : (byIndex.get(chosen) ?? []);
    for (const arrayPath of candidates) if (agrees(choice, arrayPath)) yield arrayPath;
  }
}

function agrees(choice: ArrayPath | null, arrayPath: ArrayPath): boolean {
  for (let at: ArrayPath | null = arrayPath; at !== null; at = at.outer) {
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

function keep(choice: ArrayPath | null, arrays: ReadonlySet<number> | undefined): ArrayPath | null {
  let kept: ArrayPath | null = null;
  for (let at = choice; at !== null; at = at.outer) {
    if (arrays?.has(at.array) === true) kept = { array: at.array, index: at.index, outer: kept };
  }
  return kept;
}

function keyOf(choice: ArrayPath | null): string {
  const parts: string[] = [];
  for (let at = choice; at !== null; at = at.outer) parts.push(`${at.array}:${at.index}`);
  return parts.sort().join(" ");
}
