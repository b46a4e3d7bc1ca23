import type { Event } from "../event/event.ts";
import { messaging, system } from "./semconv.ts";
import type { SpanAttributes } from "./span-shape.ts";

/** The operations that spans are of, each an operation type of the conventions. */
export type Operation = "send" | "process";

/** The name of a span: the operation and the destination. A subscription is none, and may have a generated name. */
export function spanName(operation: Operation | "deliver", { type }: Pick<Event, "type">): string {
  return `${operation} ${type}`;
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
