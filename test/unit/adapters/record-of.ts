import type { Event } from "../../../lib/index.ts";

/**
 * The events of a run as lines of JSON, in their order, such that each run of the same code has the same: an id is the number of
 * its first event or mention, and times are left out.
 */
export function recordOf(events: readonly Event[]): string {
  const numbers = new Map<string, string>();
  const number = (id: unknown) => {
    const known = numbers.get(String(id)) ?? `#${numbers.size + 1}`;
    numbers.set(String(id), known);
    return known;
  };
  const ids = new Set(["id", "correlationId", "causationId", "executionId", "streamId"]);
  const lines = events.map(({ id, type, source, data, metadata }) =>
    JSON.stringify({ id, type, source, data, metadata }, (key, value: unknown) =>
      ids.has(key) ? number(value) : key === "version" || key === "priority" ? undefined : value,
    ),
  );
  return `${lines.join("\n")}\n`;
}
