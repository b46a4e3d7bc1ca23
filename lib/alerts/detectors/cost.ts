import { reportedUsage } from "../../history/usage.ts";
import type { Detector } from "../detector.ts";
import type { RuleOf } from "../rules/rules.ts";
import { agentOf } from "../watched-event.ts";

const dayMs = 86_400_000;
/** Flows or agents whose cost is summed; the one that spent nothing for longest is forgotten. */
const mostSums = 100_000;

/** Raises where the cost that events report reaches a limit; the end of the flow, or of the day (UTC), clears it. */
export function cost({ limit, per }: RuleOf<"cost">): Detector {
  const sums = new Map<string, number>();
  let day = Number.NEGATIVE_INFINITY;
  return {
    observe: (event, flow, findings) => {
      const spent = reportedUsage(event).cost ?? 0;
      const subject = per === "flow" ? flow.id : per === "agent" ? agentOf(event) : "bus";
      // What belongs to a day that is over is no cost of this one.
      if (spent > 0 && (per === "flow" || Math.floor(event.atMs / dayMs) >= day)) {
        const sum = (sums.get(subject) ?? 0) + spent;
        sums.delete(subject);
        sums.set(subject, sum);
        if (sum >= limit) {
          const key = per === "flow" ? "" : String(day);
          findings.raise({ metric: "cost", subject, value: sum, threshold: limit, atMs: event.atMs, key });
        }
        const [oldest] = sums.keys();
        if (sums.size > mostSums && oldest !== undefined) sums.delete(oldest);
      }
      if (per === "flow" && flow.isOver) findings.clear(flow.id, event.atMs, sums.get(flow.id) ?? 0);
    },
    advance: (nowMs, findings) => {
      const today = Math.floor(nowMs / dayMs);
      if (per === "flow" || today <= day) return;
      day = today;
      sums.clear();
      for (const subject of findings.subjects()) findings.clear(subject, today * dayMs, 0);
    },
    forget: (flow, findings) => {
      if (per !== "flow") return;
      sums.delete(flow.id);
      findings.clear(flow.id, flow.latestMs, 0);
    },
  };
}
