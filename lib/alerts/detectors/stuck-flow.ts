import { Deadlines } from "../deadlines.ts";
import type { Detector } from "../detector.ts";
import type { FlowState } from "../flow-table.ts";
import type { RuleOf } from "../rules/rules.ts";
import { limitByType } from "./limits.ts";

/** Raises for a flow that has begun, has not ended, and is silent; its next event clears it. */
export function stuckFlow({ after, types }: RuleOf<"stuck-flow">): Detector {
  const limitOf = limitByType(types, after);
  const due = new Deadlines<FlowState>();
  const waiting = new WeakSet<FlowState>();
  const wait = (flow: FlowState) => {
    if (waiting.has(flow)) return;
    waiting.add(flow);
    due.add(flow, flow.latestMs + limitOf(flow.type) + 1);
  };
  return {
    observe: ({ atMs }, flow, findings) => {
      findings.clear(flow.id, atMs, 0);
      if (flow.work !== undefined && !flow.isOver) wait(flow);
    },
    advance: (nowMs, findings) => {
      for (let flow = due.take(nowMs); flow !== undefined; flow = due.take(nowMs)) {
        waiting.delete(flow);
        if (flow.isOver || flow.work === undefined) continue;
        const limit = limitOf(flow.type);
        const silentMs = nowMs - flow.latestMs;
        if (silentMs <= limit) wait(flow);
        else {
          findings.raise({
            metric: "flow.silence",
            subject: flow.id,
            value: silentMs,
            threshold: limit,
            atMs: flow.latestMs + limit + 1,
            key: String(flow.latestMs),
          });
        }
      }
    },
    forget: (flow, findings) => findings.clear(flow.id, flow.latestMs, 0),
  };
}
