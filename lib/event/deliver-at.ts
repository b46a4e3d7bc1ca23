import type { Event } from "./event.ts";
import { formatTime, normalizeTime } from "./time.ts";
import { type EventName, invalidField } from "./validate.ts";

/** How far ahead a delivery may be put off: 7 days. */
export const longestDelayMs = 604_800_000;

/** Milliseconds since 1970 before which no subscription gets the event; 0 where it is delivered at once. */
export function deliverAtMs({ metadata: { deliverAt } }: Event): number {
  return deliverAt === undefined ? 0 : Date.parse(deliverAt);
}

/**
 * The time of delivery that a publisher gave, as events carry it: RFC 3339, UTC, in milliseconds; a finer time is rounded up,
 * as nothing may come before it. `invalid_event` where it is not a time, or lies more than 7 days ahead.
 */
export function checkDeliverAt(given: unknown, path: string, event: EventName, nowMs: number): string {
  const at = given instanceof Date ? given.getTime() : typeof given === "string" ? roundedUp(given) : Number.NaN;
  if (Number.isNaN(at)) {
    throw invalidField(event, path, given, "an RFC 3339 time with an offset, such as 2026-01-31T12:00:00Z");
  }
  if (at - nowMs > longestDelayMs) throw invalidField(event, path, given, "a time at most 7 days ahead");
  return formatTime(at);
}

function roundedUp(text: string): number {
  const normal = normalizeTime(text) ?? "";
  return Date.parse(normal) + (/\.\d{3}0*[1-9]/.test(normal) ? 1 : 0);
}
