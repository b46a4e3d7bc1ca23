import type { ToRecord } from "../../lib/engines/aws/dependencies.ts";
import { createIds } from "../../lib/event/id.ts";
import { type Event, eventSize } from "../../lib/event/index.ts";
import { seeded } from "../../test/support/seeded.ts";

/** The sizes of a simulated agent platform. */
export const platform = {
  eventsASecond: 100,
  eventsOfFlow: 20,
  /** Concurrent flows: a flow takes two minutes. */
  flows: 600,
  /** Events of an execution; half of the events belong to one. */
  eventsOfExecution: 5,
  sources: 8,
  agents: 20,
  users: 50,
  projects: 5,
  tags: 20,
} as const;

interface Running {
  readonly id: string;
  readonly user: number;
  readonly project: number;
  events: number;
  last: string;
  execution: string;
}

const words =
  "the report names supplier figure quarter revenue page invoice differs from agreed total review agent should compare next table missing contract delivery open question answer task tool result search found reads writes summary draft section source citation".split(
    " ",
  );
/** By name, so that figures of two versions compare: the catalog grows. */
const types =
  "agent.activated agent.capability.execution.completed agent.capability.execution.failed agent.capability.execution.started agent.created agent.deactivated agent.error agent.heartbeat agent.message.sent agent.optimized agent.spawned agent.started agent.stopped agent.task.assigned agent.task.completed agent.task.failed agent.tool.executed agent.updated approval.denied approval.expired approval.granted approval.requested artifact.created artifact.updated budget.exceeded budget.reserved budget.spent circle.created circle.member.added circle.member.removed".split(
    " ",
  );

/**
 * Yields events of one size, in bytes as EventBridge counts them, in order of acceptance, and the same ones in every run. They
 * belong to concurrent flows, so that a batch has events of many flows, agents and types, which is the expensive case.
 */
export function* workload(bytes: number, start: number): Generator<ToRecord, never, void> {
  const random = seeded(bytes);
  const below = (limit: number) => Math.floor(random() * limit);
  let now = start;
  const nextId = createIds({ now: () => now, random: (size) => Uint8Array.from({ length: size }, () => below(256)) });
  const shared = () => ({ user: below(platform.users), project: below(platform.projects) });
  // At the start every flow is at a random point.
  const running: Running[] = Array.from({ length: platform.flows }, () => {
    const events = below(platform.eventsOfFlow);
    return { ...shared(), id: nextId(), events, last: nextId(), execution: nextId() };
  });
  for (;;) {
    now += 1_000 / platform.eventsASecond;
    const id = nextId();
    const at = below(platform.flows);
    let flow = running[at];
    if (flow === undefined || flow.events === platform.eventsOfFlow) {
      flow = { ...shared(), id, events: 0, last: id, execution: "" };
      running[at] = flow;
    }
    if (flow.events % platform.eventsOfExecution === 0) flow.execution = nextId();
    flow.events += 1;
    const event = make(id, flow);
    flow.last = id;
    yield { event, acceptedAt: Math.floor(now) };
  }

  function make(id: string, flow: Running): Event {
    const event: Event = {
      id,
      type: types[below(types.length)] ?? "",
      source: `service-${below(platform.sources)}`,
      time: new Date(now).toISOString(),
      data: { taskId: `task-${below(1e6)}`, title: text(40), instruction: "" },
      metadata: {
        version: 1,
        correlationId: flow.id,
        ...(flow.last === id ? {} : { causationId: flow.last }),
        priority: 5,
        agentId: `agent-${below(platform.agents)}`,
        projectId: `project-${flow.project}`,
        ...(flow.user % 2 === 0 ? { userId: `user-${flow.user}` } : {}),
        ...(flow.user % 2 === 1 ? { executionId: flow.execution } : {}),
        ...(below(3) === 0 ? { tags: [`tag-${below(platform.tags)}`, `tag-${below(platform.tags)}`] } : {}),
        traceparent: `00-${hex(32)}-${hex(16)}-01`,
      },
    };
    const short = eventSize(event);
    // The smallest size has no room for all fields.
    if (short > bytes) {
      const { traceparent: _, tags: __, ...metadata } = event.metadata;
      return { ...event, data: { taskId: `task-${below(1e6)}` }, metadata };
    }
    return { ...event, data: { taskId: `task-${below(1e6)}`, title: text(40), instruction: text(bytes - short) } };
  }

  function text(length: number): string {
    let result = "";
    while (result.length < length) result += `${words[below(words.length)]} ${below(8) === 0 ? `${below(1e4)} ` : ""}`;
    return result.slice(0, length);
  }

  function hex(digits: number): string {
    return Array.from({ length: digits }, () => below(16).toString(16)).join("");
  }
}
