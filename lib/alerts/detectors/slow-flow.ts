import { Deadlines } from "../deadlines.ts";
import type { Detector, Findings } from "../detector.ts";
import type { FlowState } from "../flow-table.ts";
import type { RuleOf } from "../rules/rules.ts";
import { limitByType } from "./limits.ts";

/** A flow that begins nothing has no end but silence. */
const settledMs = 60_000;

/** Raises once for a flow that takes too long: when its event comes too late, or when it has begun and the time is over. */
export function slowFlow({ over, types }: RuleOf<"slow-flow">): Detector {
  const limitOf = limitByType(types, over);
  const due = new Deadlines<FlowState>();
  /** One alert a flow: those that had theirs. */
  const done = new WeakSet<FlowState>();
  const waiting = new WeakSet<FlowState>();
  const wait = (flow: FlowState, dueMs: number) => {
    if (waiting.has(flow)) return;
    waiting.add(flow);
    due.add(flow, dueMs);
  };

  const raise = (flow: FlowState, limit: number, atMs: number, findings: Findings) => {
    if (done.has(flow)) return;
    done.add(flow);
    const value = atMs - flow.startedMs;
    findings.raise({
      metric: "flow.duration",
      subject: flow.id,
      value,
      threshold: limit,
      atMs: flow.startedMs + limit,
      key: "",
    });
  };
  const end = (flow: FlowState, findings: Findings) =>
    findings.clear(flow.id, flow.latestMs, flow.latestMs - flow.startedMs);

  return {
    observe: (_, flow, findings) => {
      const limit = limitOf(flow.type);
      if (flow.latestMs - flow.startedMs > limit) raise(flow, limit, flow.latestMs, findings);
      if (flow.isOver) end(flow, findings);
      else if (findings.isActive(flow.id)) wait(flow, flow.latestMs + settledMs);
      else if (flow.work !== undefined) wait(flow, flow.startedMs + limit + 1);
    },
    advance: (nowMs, findings) => {
      for (let flow = due.take(nowMs); flow !== undefined; flow = due.take(nowMs)) {
        waiting.delete(flow);
        if (flow.isOver) continue;
        const limit = limitOf(flow.type);
        if (flow.work !== undefined && nowMs - flow.startedMs > limit) {
          raise(flow, limit, flow.startedMs + limit + 1, findings);
        } else if (flow.work === undefined && findings.isActive(flow.id)) {
          if (nowMs - flow.latestMs >= settledMs) end(flow, findings);
          else wait(flow, flow.latestMs + settledMs);
        } else if (flow.work !== undefined) wait(flow, flow.startedMs + limit + 1);
      }
    },
    forget: end,
  };
}
