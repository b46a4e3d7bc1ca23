import type { Failure, FailureCount } from "../engine/delivery.ts";

/** Characters of a message that are kept: it is told again for each delivery that has ended. */
const messageLength = 200;

const none: readonly FailureCount[] = Object.freeze([]);

/** Failures, those that say the same counted, in the order in which each first occurred. */
export function failureCounts(failures: readonly Failure[]): readonly FailureCount[] {
  if (failures.length === 0) return none;
  const counts = new Map<string, { code: Failure["code"]; message: string; count: number }>();
  for (const { code, message } of failures) {
    const key = `${code} ${message}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { code, message: cut(message), count: 1 });
    else known.count += 1;
  }
  return [...counts.values()];
}

/** A surrogate pair is not cut in two, which no UTF-8 could hold. */
function cut(message: string): string {
  if (message.length <= messageLength) return message;
  return `${message.slice(0, messageLength - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
