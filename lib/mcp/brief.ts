import type { DeadLetter } from "../engine/delivery.ts";
import type { Event } from "../event/event.ts";
import type { Flow, FlowNode } from "../history/flow.ts";

/** Characters of an event's data in a list: an agent pays for what it reads. */
export const mostDataInList = 500;

/** Characters of the data of one event that was asked for. */
export const mostData = 50_000;

/** Events of a flow that are shown. */
export const mostOfFlow = 200;

/** An event in few words. */
export function briefEvent({ id, type, source, time, data, metadata }: Event, most = mostDataInList) {
  const { correlationId, causationId, agentId } = metadata;
  return {
    id,
    type,
    source,
    time,
    correlationId,
    ...(causationId === undefined ? {} : { causationId }),
    ...(agentId === undefined ? {} : { agentId }),
    ...briefData(data, most),
  };
}

/** A dead letter in few words: its last reason, without a stack. */
export function briefDeadLetter({ id, subscription, event, reason, attempts, deadAt }: DeadLetter) {
  const { code, message } = reason;
  return {
    id,
    ...(subscription === undefined ? {} : { subscription }),
    reason: { code, message: message.slice(0, mostDataInList) },
    attempts,
    deadAt,
    event: briefEvent(event),
  };
}

/** A flow as a list, each event with its depth below its first cause. */
export function briefFlow({ id, status, size, startedAt, durationMs, roots, pending, deadLetters }: Flow) {
  const events: (ReturnType<typeof briefEvent> & { depth: number })[] = [];
  // Without recursion: a flow may be deeper than the stack.
  const left = roots.map((node): [FlowNode, number] => [node, 0]).reverse();
  for (let next = left.pop(); next !== undefined && events.length < mostOfFlow; next = left.pop()) {
    const [node, depth] = next;
    events.push({ depth, ...briefEvent(node.event) });
    for (const child of node.children.toReversed()) left.push([child, depth + 1]);
  }
  return {
    id,
    status,
    size,
    startedAt,
    durationMs,
    pending: pending.length,
    deadLetters: deadLetters.length,
    events,
    ...(events.length < size ? { omitted: size - events.length } : {}),
  };
}

function briefData(data: unknown, most: number) {
  const text = JSON.stringify(data) ?? "";
  return text.length <= most ? { data } : { dataStart: text.slice(0, most), dataLength: text.length };
}
