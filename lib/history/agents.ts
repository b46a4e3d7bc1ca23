import type { Event } from "../event/event.ts";
import { spent, tellsOfFailure } from "./event-facts.ts";
import type { History } from "./history.ts";

/** What one agent did lately. */
export interface AgentActivity {
  /** `metadata.agentId`; absent for what a source published without one. */
  readonly agentId?: string;
  /** The source that published its last event. */
  readonly source: string;
  /** Its events among those that were looked at. */
  readonly events: number;
  /** Of these, events that tell of a failure: `*.failed`, `*.error`. */
  readonly failures: number;
  /** Its last event. */
  readonly last: Pick<Event, "id" | "type" | "time"> & { readonly correlationId: string };
  /** Its last event that tells of a failure. */
  readonly lastFailure?: Pick<Event, "id" | "type" | "time">;
  /** The sum of what its events say of tokens: `data.inputTokens` and `outputTokens`, or those of `data.usage`, `data.tokens`; absent where none does. */
  readonly tokens?: number;
  /** The sum of `data.cost` or `data.usage.cost` of its events; absent where none has one. */
  readonly cost?: number;
}

/** Who was active in a stretch of history. */
export interface AgentList {
  /** The one with the newest event first. */
  readonly agents: AgentActivity[];
  /** Events that were looked at: the newest, at most {@link mostEvents}. */
  readonly looked: number;
  /** RFC 3339: the `time` of the oldest of them; absent where there is none. */
  readonly since?: string;
  /** Whether history goes on before that. */
  readonly more: boolean;
}

/** The most events that are looked at. */
export const mostEvents = 2_000;
const pageSize = 500;

/** Who published the newest events, by agent, or by source where an event names no agent. */
export async function recentAgents(history: Pick<History, "query">): Promise<AgentList> {
  const events: Event[] = [];
  let cursor: string | undefined;
  do {
    const page = await history.query({ limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
    events.push(...page.events);
    cursor = page.cursor;
  } while (cursor !== undefined && events.length < mostEvents);
  const byAgent = Map.groupBy(events, ({ source, metadata: { agentId } }) =>
    agentId === undefined ? `source ${source}` : `agent ${agentId}`,
  );
  const oldest = events.at(-1);
  return {
    agents: [...byAgent.values()].flatMap((own) => activityOf(own)),
    looked: events.length,
    ...(oldest === undefined ? {} : { since: oldest.time }),
    more: cursor !== undefined,
  };
}

/** `own`: newest first. */
function activityOf(own: readonly Event[]): AgentActivity[] {
  const [last] = own;
  if (last === undefined) return [];
  const failures = own.filter(({ type }) => tellsOfFailure(type));
  const [failed] = failures;
  const { agentId } = last.metadata;
  const { cost, tokens } = spent(own);
  return [
    {
      ...(agentId === undefined ? {} : { agentId }),
      source: last.source,
      events: own.length,
      failures: failures.length,
      last: { ...shortOf(last), correlationId: last.metadata.correlationId },
      ...(failed === undefined ? {} : { lastFailure: shortOf(failed) }),
      ...(tokens === undefined ? {} : { tokens }),
      ...(cost === undefined ? {} : { cost }),
    },
  ];
}

function shortOf({ id, time, type }: Event): Pick<Event, "id" | "type" | "time"> {
  return { id, type, time };
}
