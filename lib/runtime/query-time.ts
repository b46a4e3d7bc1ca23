import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { normalizeTime } from "../event/time.ts";

/** A point in time with all digits that were given. */
export interface Instant {
  /** Whole milliseconds since 1970. */
  readonly ms: number;
  /** The digits below a millisecond, up to nanoseconds, without zeros at the end: they compare as text. */
  readonly below: string;
}

/** The instant of a time as {@link normalizeTime} returns it, such as an event's own. */
export function instantOf(time: string): Instant {
  // After `2026-01-31T12:00:00.123`; a time without digits there ends before.
  return { ms: Date.parse(time), below: time.slice(23, -1).replace(/0+$/, "") };
}

/** Whether an instant comes before another. */
export function isBefore(one: Instant, other: Instant): boolean {
  return one.ms < other.ms || (one.ms === other.ms && one.below < other.below);
}

/** Parses a point in time of a query. Throws `invalid_config` with the field's name. */
export function queryInstant(value: string | Date | undefined, field: string): Instant | undefined {
  if (value === undefined) return undefined;
  const at = value instanceof Date ? { ms: value.getTime(), below: "" } : instantOf(normalizeTime(value) ?? "");
  if (Number.isFinite(at.ms)) return at;
  throw new BusError("invalid_config", `${field} ${mustBe("an RFC 3339 time such as 2026-01-31T12:00:00Z", value)}`);
}

/**
 * The same in whole milliseconds since 1970. What is known to the millisecond, such as an acceptance, is at or after a time, or
 * before it, as it is to that time rounded up: the default. Events' own times have more digits; a bound that only has to keep
 * those at or after a time rounds it down.
 */
export function queryTime(
  value: string | Date | undefined,
  field: string,
  round: "up" | "down" = "up",
): number | undefined {
  const at = queryInstant(value, field);
  return at && at.ms + (round === "up" && at.below !== "" ? 1 : 0);
}
