import type { Check } from "./check.ts";
import type { EventFields } from "./event-fields.ts";
import { matchArrayConsistently } from "./match-arrays.ts";

/** Whether the checks of one alternative, in the order of their paths, hold for the event that was read. */
export function satisfied(checks: readonly Check[], found: EventFields): boolean {
  if (found.nested && checks.length > 1 && dependent(checks, found)) return matchArrayConsistently(checks, found);
  for (const check of checks) if (!holds(check, found)) return false;
  return true;
}

/** Whether one condition holds, whatever the others need. */
export function holds(check: Check, found: EventFields): boolean {
  if (check.epoch === found.epoch) return check.held;
  check.epoch = found.epoch;
  check.held = found.has(check.field) ? anyMatches(check, found) : check.absent;
  return check.held;
}

function anyMatches(check: Check, found: EventFields): boolean {
  if (check.matches(found.first(check.field))) return true;
  for (const value of found.more(check.field)) if (check.matches(value)) return true;
  return false;
}

/** Conditions depend on one another only where the values of two fields or more lie in arrays of objects. */
function dependent(checks: readonly Check[], found: EventFields): boolean {
  let inArrays = 0;
  for (const { field } of checks) if (found.has(field) && found.arrayPaths(field).length > 0) inArrays += 1;
  return inArrays > 1;
}
