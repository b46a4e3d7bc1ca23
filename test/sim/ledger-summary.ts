import type { Ledger } from "../../lib/sim/index.ts";

/** What a ledger counts, a line each: where each event, delivery and attempt went. */
export function summarize(ledger: Ledger, faults: Readonly<Record<string, number>>): string {
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  const deliveries = new Set<string>();
  const succeeded = new Set<string>();
  const dead = new Set<string>();
  const accepted = new Set<string>();
  for (const note of ledger) {
    count(note.kind);
    if (note.kind === "accepted") accepted.add(note.event);
    if (!("attempt" in note)) continue;
    const key = `${note.subscription} ${note.event} ${note.replay ?? ""}`;
    deliveries.add(key);
    if (note.kind === "succeeded") succeeded.add(key);
    if (note.kind === "dead") dead.add(key);
    if (note.kind === "settled") count(`settled as ${note.outcome}`);
  }
  const neither = [...deliveries].filter((key) => !succeeded.has(key) && !dead.has(key));
  const lines: [string, number][] = [
    ["publishes begun", counts.get("offered") ?? 0],
    ["events accepted", accepted.size],
    ["deliveries", deliveries.size],
    ["  that succeeded", succeeded.size],
    ["  that are dead letters", dead.size],
    ["  that are neither", neither.length],
    ["attempts begun", counts.get("started") ?? 0],
    ["  that succeeded", counts.get("succeeded") ?? 0],
    ["  that failed", counts.get("failed") ?? 0],
    ["ends recorded", counts.get("settled") ?? 0],
    ...[...counts]
      .filter(([what]) => what.startsWith("settled as"))
      .map(([what, n]): [string, number] => [`  ${what}`, n]),
    ["processes that crashed", counts.get("crashed") ?? 0],
    ...Object.entries(faults).map(([what, n]): [string, number] => [`fault, ${what}`, n]),
  ];
  return lines.map(([what, n]) => `${what.padEnd(40)}${n.toLocaleString("en-US").padStart(12)}`).join("\n");
}
