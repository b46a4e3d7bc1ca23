import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";

/** `"250ms"`, `"30s"`, `"5m"`, `"2h"`, `"15d"`, or milliseconds as a number. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** Bounds of a duration, in milliseconds, both included. */
export interface DurationBounds {
  /** Default 0. */
  min?: number;
  /** Default 100 years: above it a unit was mistaken. */
  max?: number;
}

const millisecondsOf = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const hundredYears = 36_525 * millisecondsOf.d;
const written = /^(\d{1,15}(?:\.\d{1,9})?)(ms|s|m|h|d)$/;

/**
 * Reads a duration as whole milliseconds; a fraction of one is rounded. `name` is what the message calls it.
 * `invalid_config` where it is no duration or out of bounds.
 */
export function parseDuration(value: unknown, name: string, bounds: DurationBounds = {}): number {
  const { min = 0, max = hundredYears } = bounds;
  const milliseconds = Math.round(toMilliseconds(value));
  if (Number.isNaN(milliseconds)) {
    throw new BusError(
      "invalid_config",
      `${name} is ${shortForm(value)}, which is no duration; give milliseconds as a number, or a text such as "250ms", "30s", "5m", "2h", "15d"`,
    );
  }
  if (milliseconds < min || milliseconds > max) {
    throw new BusError(
      "invalid_config",
      `${name} is ${shortForm(value)}; give a duration from ${formatDuration(min)} to ${formatDuration(max)}`,
    );
  }
  return milliseconds;
}

function toMilliseconds(value: unknown): number {
  if (typeof value === "number") return Number.isFinite(value) ? value : Number.NaN;
  if (typeof value !== "string") return Number.NaN;
  const [, amount, unit] = written.exec(value) ?? [];
  return isUnit(unit) ? Number(amount) * millisecondsOf[unit] : Number.NaN;
}

function isUnit(unit: string | undefined): unit is keyof typeof millisecondsOf {
  return unit !== undefined && unit in millisecondsOf;
}

/** The shortest exact text of a number of milliseconds: 90000 is `"90s"`, 60000 `"1m"`. */
export function formatDuration(milliseconds: number): Duration {
  for (const unit of ["d", "h", "m", "s"] as const) {
    const size = millisecondsOf[unit];
    if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  }
  return `${milliseconds}ms`;
}
