import type { Flow } from "../../history/flow.ts";
import { flowNodes } from "../../history/flow-nodes.ts";
import { addUsage, noUsage, type Usage, usageOf } from "../../history/usage.ts";
import type { CliIo } from "../io.ts";
import { type Column, renderTable } from "./table.ts";
import { printable } from "./text.ts";

/** What one agent did in a flow. */
export interface AgentUsage {
  /** Its `agentId`, or the source of its events. */
  readonly agent: string;
  readonly events: number;
  /** Attempts to handle its events, and how many of them failed. */
  readonly attempts: number;
  readonly failed: number;
  readonly usage: Usage;
}

/** Formats tokens and cost: `1,200 + 340 tokens, $0.012`; empty if there are none. */
export function usageText({ inputTokens, outputTokens, cost }: Usage): string {
  const number = (count: number) => count.toLocaleString("en-US");
  const tokens = inputTokens + outputTokens === 0 ? [] : [`${number(inputTokens)} + ${number(outputTokens)} tokens`];
  return [...tokens, ...(cost === 0 ? [] : [costText(cost)])].join(", ");
}

/** Rounds to a tenth of a cent; what is less is shown by its two first digits. */
function costText(cost: number): string {
  return `$${cost >= 0.01 ? cost.toFixed(3) : cost.toPrecision(2)}`;
}

/** Sums what each agent published, and the attempts that this took, in the order in which the agents come up. */
export function usageByAgent(flow: Flow): AgentUsage[] {
  const agents = new Map<string, AgentUsage>();
  for (const { event, deliveries = [] } of flowNodes(flow)) {
    const agent = event.metadata.agentId ?? event.source;
    const known = agents.get(agent) ?? { agent, events: 0, attempts: 0, failed: 0, usage: noUsage };
    const failures = deliveries.flatMap((delivery) => delivery.failures);
    agents.set(agent, {
      agent,
      events: known.events + 1,
      attempts: known.attempts + deliveries.reduce((sum, { attempts }) => sum + attempts, 0),
      failed: known.failed + failures.reduce((sum, { count }) => sum + count, 0),
      usage: addUsage(known.usage, usageOf(event) ?? noUsage),
    });
  }
  return [...agents.values()];
}

/** Renders {@link usageByAgent} as a table; empty where no event reports usage. */
export function renderUsage(io: CliIo, agents: readonly AgentUsage[]): string {
  if (agents.every(({ usage }) => usageText(usage) === "")) return "";
  const number = (title: string, of: (agent: AgentUsage) => number): Column<AgentUsage> => ({
    title,
    text: (agent) => of(agent).toLocaleString("en-US"),
    align: "right",
  });
  return renderTable(
    io.stdout,
    [
      { title: "AGENT", text: ({ agent }) => printable(agent), style: io.stdout.colors.bold },
      number("EVENTS", ({ events }) => events),
      number("ATTEMPTS", ({ attempts }) => attempts),
      number("FAILED", ({ failed }) => failed),
      number("TOKENS IN", ({ usage }) => usage.inputTokens),
      number("OUT", ({ usage }) => usage.outputTokens),
      { title: "COST", text: ({ usage }) => (usage.cost === 0 ? "-" : costText(usage.cost)), align: "right" },
    ],
    agents,
  );
}
