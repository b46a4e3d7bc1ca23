import type { EndedDelivery, PendingDelivery } from "../../engine/delivery.ts";
import { plural, printable } from "./text.ts";
import { formatElapsed } from "./time.ts";

/** How far a delivery under way is. */
export function pendingText({ state, attempts, dueAt }: PendingDelivery, now: number): string {
  if (state === "running") return `running, attempt ${attempts}`;
  if (state === "waiting") return attempts === 0 ? "waiting" : `waiting after ${plural(attempts, "attempt")}`;
  const due = dueAt === undefined ? "later" : `in ${formatElapsed(Math.max(0, Date.parse(dueAt) - now))}`;
  return `attempt ${attempts + 1} ${due}`;
}

/** What it took a delivery to end: `3 attempts, 2 × HTTP 429, ran 40ms`. */
export function endedDetails({ attempts, failures, outcome, ranMs, replayId }: EndedDelivery): string {
  const facts = [
    ...(attempts > 1 ? [plural(attempts, "attempt")] : []),
    ...failures.map(({ count, message }) => `${count} × ${printable(message)}`),
    ...(ranMs === undefined ? [] : [`ran ${formatElapsed(ranMs)}`]),
    ...(outcome === "dropped" ? ["expired or filtered out"] : []),
    ...(outcome === "dead" ? ["redriven or discarded since"] : []),
    ...(replayId === undefined ? [] : [`replay ${printable(replayId)}`]),
  ];
  return facts.join(", ");
}
