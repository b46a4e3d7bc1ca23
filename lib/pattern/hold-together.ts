import type { Check } from "./check.ts";
import type { Found, Membership } from "./found.ts";

/** The memberships of values by the outermost array around them and the index in it; `free` if some value lies in none. */
interface Places {
  free: boolean;
  readonly byArray: Map<number, Map<number, Membership[]>>;
}

/**
 * Whether the checks hold for values of which no two lie in different elements of the same array. Checks are taken in
 * order, as AWS's engine does, so that a field is absent if no value of it agrees with the elements chosen before it.
 * What is kept after each check is which elements it settled on, and only of arrays that later checks meet again.
 */
export function holdTogether(checks: readonly Check[], found: Found): boolean {
  const later = arraysLater(checks, found);
  let choices: (Membership | null)[] = [null];
  for (const [index, check] of checks.entries()) {
    const matching = places(found, check, true);
    const all = check.absent ? places(found, check, false) : undefined;
    const around = arraysAround(found, check.field);
    const next = new Map<string, Membership | null>();
    for (const choice of choices) {
      const missing = all !== undefined && !all.free && agreeing(all, choice).next().done === true;
      const bound = boundTo(choice, around);
      const merged = (matching.free && bound === undefined) || missing ? [choice] : [];
      for (const membership of agreeing(matching, choice)) {
        if (bound === undefined || indexIn(membership, bound.array) === bound.index)
          merged.push(merge(choice, membership));
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
function arraysLater(checks: readonly Check[], found: Found): ReadonlySet<number>[] {
  const later: Set<number>[] = [];
  let arrays = new Set<number>();
  for (const { field } of checks.toReversed()) {
    later.unshift(arrays);
    arrays = new Set([...arrays, ...arraysAround(found, field)]);
  }
  return later;
}

function arraysAround(found: Found, field: number): Set<number> {
  const arrays = new Set<number>();
  if (!found.has(field)) return arrays;
  for (const membership of found.memberships(field)) {
    for (let at = membership; at !== null; at = at.outer) arrays.add(at.array);
  }
  return arrays;
}

/**
 * An element chosen before, of an array that some value of the field lies in: AWS's engine then takes values of that
 * element only, and none that a dotted name puts outside the array.
 */
function boundTo(choice: Membership | null, around: ReadonlySet<number>): Membership | undefined {
  for (let at = choice; at !== null; at = at.outer) if (around.has(at.array)) return at;
  return undefined;
}

function places(found: Found, check: Check, onlyMatching: boolean): Places {
  const result: Places = { free: false, byArray: new Map() };
  if (!found.has(check.field)) return result;
  const memberships = found.memberships(check.field);
  const values = [found.first(check.field), ...found.more(check.field)];
  for (const [index, value] of values.entries()) {
    if (onlyMatching && !check.matches(value)) continue;
    const membership = memberships[index] ?? null;
    if (membership === null) result.free = true;
    else addPlace(result, membership);
  }
  return result;
}

function addPlace(result: Places, membership: Membership): void {
  let outermost = membership;
  while (outermost.outer !== null) outermost = outermost.outer;
  let byIndex = result.byArray.get(outermost.array);
  if (byIndex === undefined) {
    byIndex = new Map();
    result.byArray.set(outermost.array, byIndex);
  }
  const sharing = byIndex.get(outermost.index);
  if (sharing === undefined) byIndex.set(outermost.index, [membership]);
  else if (sharing.at(-1) !== membership) sharing.push(membership);
}

/** The memberships that contradict no element chosen before. */
function* agreeing(among: Places, choice: Membership | null): Generator<Membership> {
  for (const [array, byIndex] of among.byArray) {
    const chosen = indexIn(choice, array);
    const candidates = chosen === undefined ? [...byIndex.values()].flat() : (byIndex.get(chosen) ?? []);
    for (const membership of candidates) if (agrees(choice, membership)) yield membership;
  }
}

function agrees(choice: Membership | null, membership: Membership): boolean {
  for (let at: Membership | null = membership; at !== null; at = at.outer) {
    const chosen = indexIn(choice, at.array);
    if (chosen !== undefined && chosen !== at.index) return false;
  }
  return true;
}

function indexIn(choice: Membership | null, array: number): number | undefined {
  for (let at = choice; at !== null; at = at.outer) if (at.array === array) return at.index;
  return undefined;
}

function merge(choice: Membership | null, membership: Membership): Membership | null {
  let merged = choice;
  for (let at: Membership | null = membership; at !== null; at = at.outer) {
    if (indexIn(choice, at.array) === undefined) merged = { array: at.array, index: at.index, outer: merged };
  }
  return merged;
}

function keep(choice: Membership | null, arrays: ReadonlySet<number> | undefined): Membership | null {
  let kept: Membership | null = null;
  for (let at = choice; at !== null; at = at.outer) {
    if (arrays?.has(at.array) === true) kept = { array: at.array, index: at.index, outer: kept };
  }
  return kept;
}

function keyOf(choice: Membership | null): string {
  const parts: string[] = [];
  for (let at = choice; at !== null; at = at.outer) parts.push(`${at.array}:${at.index}`);
  return parts.sort().join(" ");
}
