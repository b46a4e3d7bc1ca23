import { isDeepStrictEqual } from "node:util";
import type { SubscriptionRecord } from "./subscription.ts";

/** Names of the settings in which two records of one subscription differ. `from` is left out: it is for a new one only. */
export function changedSettings(stored: SubscriptionRecord, given: SubscriptionRecord): string[] {
  const names = new Set([...Object.keys(stored), ...Object.keys(given)]);
  names.delete("from");
  const before = new Map<string, unknown>(Object.entries(stored));
  const after = new Map<string, unknown>(Object.entries(given));
  return [...names].filter((name) => !isDeepStrictEqual(before.get(name), after.get(name)));
}
