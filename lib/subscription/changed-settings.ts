import { isDeepStrictEqual } from "node:util";
import type { SubscriptionRecord } from "./subscription.ts";

/**
 * Returns the names of the settings in which two records of one subscription differ. `from` is ignored: it applies to a new
 * subscription only.
 */
export function changedSettings(stored: SubscriptionRecord, given: SubscriptionRecord): string[] {
  const names = new Set([...Object.keys(stored), ...Object.keys(given)]);
  names.delete("from");
  const before = new Map<string, unknown>(Object.entries(stored));
  const after = new Map<string, unknown>(Object.entries(given));
  return [...names].filter((name) => !isDeepStrictEqual(before.get(name), after.get(name)));
}
