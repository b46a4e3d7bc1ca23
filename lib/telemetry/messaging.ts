import type { Event } from "../event/event.ts";
import { messaging, system } from "./semconv.ts";
import type { SpanAttributes } from "./span-shape.ts";

/** The operations that spans are of, each an operation type of the conventions. */
export type Operation = "send" | "process";

/** The name of a span: the operation and the destination. A subscription is none, and may have a generated name. */
export function spanName(operation: Operation | "deliver", { type }: Pick<Event, "type">): string {
  return `${operation} ${type}`;
}

/** The name of the span of a batch: with the type of its events, where they have one, else with the operation alone. */
export function batchName(operation: Operation, events: readonly Pick<Event, "type">[]): string {
  const type = typeOf(events);
  return type === undefined ? operation : `${operation} ${type}`;
}

/** What the conventions want said of a batch: what differs from event to event is left out. */
export function batchAttributes(operation: Operation, events: readonly Event[], subscription: string): SpanAttributes {
  const type = typeOf(events);
  return {
    [messaging.system]: system,
    [messaging.operationName]: operation,
    [messaging.operationType]: operation,
    [messaging.batchCount]: events.length,
    [messaging.subscription]: subscription,
    ...(type === undefined ? {} : { [messaging.destination]: type }),
  };
}

/** The type that all events have. */
function typeOf(events: readonly Pick<Event, "type">[]): string | undefined {
  const [type, ...others] = new Set(events.map((event) => event.type));
  return others.length === 0 ? type : undefined;
}

/** What the conventions want said of one event. Nothing of its data. */
export function messagingAttributes(operation: Operation, event: Event): SpanAttributes {
  return {
    [messaging.system]: system,
    [messaging.operationName]: operation,
    [messaging.operationType]: operation,
    [messaging.destination]: event.type,
    [messaging.messageId]: event.id,
    [messaging.conversationId]: event.metadata.correlationId,
  };
}
