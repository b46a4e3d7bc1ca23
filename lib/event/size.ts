import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import type { Event } from "./event.ts";

/**
 * The largest size of an event in bytes: 1 MiB, the limit of an EventBridge request and of an SQS message, less 1 KiB for
 * what EventBridge adds on the way to a queue (account, Region, names of fields). A larger event would be accepted by the
 * bus and then be too large for its queue and dead-letter queue.
 */
export const maxEventBytes = 1_047_552;

/** EventBridge counts 14 bytes for the Time of an entry. */
const timeBytes = 14;

/**
 * Returns an event's size in bytes as EventBridge counts it: 14 bytes for Time, and the UTF-8 bytes of Source (the source),
 * DetailType (the type) and Detail (`{ id, time, data, metadata }` as JSON). Throws `invalid_event` for what is no event.
 */
export function eventSize(event: Event): number {
  try {
    const { id, type, source, time, data, metadata } = event;
    const detail = JSON.stringify({ id, time, data, metadata });
    return timeBytes + Buffer.byteLength(source) + Buffer.byteLength(type) + Buffer.byteLength(detail);
  } catch (cause) {
    throw new BusError("invalid_event", `eventSize: the event ${mustBe("an event of a bus", event)}`, { cause });
  }
}

/** Returns the error for an event above a limit; `size` is "more" if the event was too large to be measured. */
export function eventTooLarge(
  event: { id: string; type: string; source: string },
  size: number | "more",
  limit: number,
): BusError {
  const excess = size === "more" ? "far more" : `${size} bytes, ${size - limit} more`;
  return new BusError(
    "event_too_large",
    `event ${event.id} (${event.type} from ${event.source}) has ${excess} than the ${limit} bytes allowed; ` +
      "store large data elsewhere (a file, an object store) and publish a reference to it",
    { details: { id: event.id, type: event.type, source: event.source, ...(size === "more" ? {} : { size }), limit } },
  );
}
