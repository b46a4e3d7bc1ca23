import type { Check } from "./check.ts";
import type { EventFields } from "./event-fields.ts";
import { matchArrayConsistently } from "./match-arrays.ts";

/** Whether all checks of an alternative, in the order of their paths, hold for the current event. */
export function satisfied(checks: readonly Check[], fields: EventFields): boolean {
  if (fields.nested && checks.length > 1 && dependent(checks, fields)) return matchArrayConsistently(checks, fields);
  for (const check of checks) if (!holds(check, fields)) return false;
  return true;
}

/** Whether one check holds, regardless of the others. */
export function holds(check: Check, fields: EventFields): boolean {
  if (check.epoch === fields.epoch) return check.held;
  check.epoch = fields.epoch;
  check.held = fields.has(check.field) ? anyMatches(check, fields) : check.absent;
  return check.held;
}

function anyMatches(check: Check, fields: EventFields): boolean {
  if (check.matches(fields.first(check.field))) return true;
  for (const value of fields.more(check.field)) if (check.matches(value)) return true;
  return false;
}

/** Conditions depend on one another only if values of two or more fields are in arrays of objects. */
function dependent(checks: readonly Check[], fields: EventFields): boolean {
  let inArrays = 0;
  for (const { field } of checks) if (fields.has(field) && fields.arrayPaths(field).length > 0) inArrays += 1;
  return inArrays > 1;
}
