import { typeMatcher } from "../../pattern/type-names.ts";
import { Deadlines } from "../deadlines.ts";
import type { Detector } from "../detector.ts";
import type { RuleOf } from "../rules/rules.ts";
import { agentOf } from "../watched-event.ts";

interface Agent {
  readonly name: string;
  lastMs: number;
  /** Whether it waits to be looked at. */
  waits: boolean;
}

/** Agents that are watched; the one that was silent for longest is forgotten. */
const mostAgents = 100_000;
const leaves = typeMatcher(["agent.stopped", "agent.deactivated"]);

/** Raises for an agent that gave a heartbeat once and is silent now; any event of it clears, and so does its end. */
export function silence({ after, on }: RuleOf<"silence">): Detector {
  const isHeartbeat = typeMatcher(on);
  const agents = new Map<string, Agent>();
  const due = new Deadlines<Agent>();
  const wait = (agent: Agent) => {
    if (agent.waits) return;
    agent.waits = true;
    due.add(agent, agent.lastMs + after + 1);
  };
  return {
    observe: (event, _, findings) => {
      const name = agentOf(event);
      findings.clear(name, event.atMs, 0);
      const known = agents.get(name);
      if (known === undefined && !isHeartbeat(event.type)) return;
      agents.delete(name);
      if (leaves(event.type)) return;
      const agent = known ?? { name, lastMs: event.atMs, waits: false };
      agent.lastMs = Math.max(agent.lastMs, event.atMs);
      agents.set(name, agent);
      wait(agent);
      if (agents.size <= mostAgents) return;
      const [oldest] = agents.keys();
      if (oldest === undefined) return;
      agents.delete(oldest);
      findings.clear(oldest, event.atMs, 0);
    },
    advance: (nowMs, findings) => {
      for (let agent = due.take(nowMs); agent !== undefined; agent = due.take(nowMs)) {
        agent.waits = false;
        if (agents.get(agent.name) !== agent) continue;
        const silentMs = nowMs - agent.lastMs;
        if (silentMs <= after) wait(agent);
        else {
          findings.raise({
            metric: "agent.silence",
            subject: agent.name,
            value: silentMs,
            threshold: after,
            atMs: agent.lastMs + after + 1,
            key: String(agent.lastMs),
          });
        }
      }
    },
  };
}
