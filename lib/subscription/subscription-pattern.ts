import type { PatternValue } from "../pattern/index.ts";
import type { SubscriptionRecord } from "./subscription.ts";

/**
 * Returns the event pattern that a subscription represents: its types and its `where`. `memory.*` becomes a prefix,
 * `*.failed` a suffix, `*` no constraint, any other `*` a wildcard.
 */
export function subscriptionPattern(
  record: Pick<SubscriptionRecord, "on" | "where">,
): Readonly<Record<string, unknown>> {
  return { ...record.where, type: typeValues(record.on) };
}

function typeValues(names: readonly string[]): readonly PatternValue[] {
  return names.includes("*") ? [{ exists: true }] : names.map(typeValue);
}

function typeValue(name: string): PatternValue {
  const star = name.indexOf("*");
  if (star === -1) return name;
  if (star === name.length - 1) return { prefix: name.slice(0, -1) };
  if (star === 0 && !name.includes("*", 1)) return { suffix: name.slice(1) };
  return { wildcard: name };
}
