import { isDeepStrictEqual } from "node:util";
import type { Event } from "../event/event.ts";

/**
 * Whether two events with one id say the same: type, source, version and data. The time is left out, since a publisher
 * that gives none gets another at each try.
 */
export function sameContent(one: Event, other: Event): boolean {
  return (
    one.type === other.type &&
    one.source === other.source &&
    one.metadata.version === other.metadata.version &&
    isDeepStrictEqual(one.data, other.data)
  );
}
