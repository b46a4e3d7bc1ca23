import { BusError } from "../error/bus-error.ts";
import type { Event } from "./event.ts";

/**
 * 1 MiB, which EventBridge takes in one request and SQS in one message, less 1 KiB for what EventBridge adds on the way to
 * a queue (account, Region, names of fields). A larger one would reach the bus, and then fit no queue and no dead-letter queue.
 */
export const maxEventBytes = 1_047_552;

/** What EventBridge counts for an entry's Time. */
const timeBytes = 14;

/**
 * An event's size as EventBridge counts it: 14 bytes for Time, and the UTF-8 bytes of Source (the source), DetailType (the
 * type) and Detail (`{ id, time, data, metadata }` as JSON).
 */
export function eventSize(event: Event): number {
  const { id, time, data, metadata } = event;
  const detail = JSON.stringify({ id, time, data, metadata });
  return timeBytes + Buffer.byteLength(event.source) + Buffer.byteLength(event.type) + Buffer.byteLength(detail);
}

/** The error for an event above a limit; `size` is text where the event was too large even to be measured. */
export function eventTooLarge(
  event: { id: string; type: string; source: string },
  size: number | "more",
  limit: number,
): BusError {
  const has = size === "more" ? "far more" : `${size} bytes, ${size - limit} more`;
  return new BusError(
    "event_too_large",
    `Event ${event.id} (${event.type} from ${event.source}) has ${has} than the ${limit} bytes allowed; ` +
      "keep what is large elsewhere (a file, an object store) and publish a reference to it",
    { details: { id: event.id, type: event.type, source: event.source, ...(size === "more" ? {} : { size }), limit } },
  );
}
