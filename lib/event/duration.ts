import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";

/** `"250ms"`, `"30s"`, `"5m"`, `"2h"`, `"15d"`, or milliseconds as a number. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** Inclusive bounds of a duration, in milliseconds. */
export interface DurationBounds {
  /** Default 0. */
  min?: number;
  /** Default 100 years: a longer one is most likely a wrong unit. */
  max?: number;
}

const millisecondsOf = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const hundredYears = 36_525 * millisecondsOf.d;
const durationForm = /^(\d{1,15}(?:\.\d{1,9})?)(ms|s|m|h|d)$/;

/**
 * Parses a duration to milliseconds, rounded to whole ones. `name` names the duration in messages. Throws `invalid_config`
 * if the value is not a duration or is out of bounds.
 */
export function parseDuration(value: unknown, name: string, bounds: DurationBounds = {}): number {
  const { min = 0, max = hundredYears } = bounds;
  const milliseconds = Math.round(toMilliseconds(value));
  if (Number.isNaN(milliseconds)) {
    throw new BusError(
      "invalid_config",
      `${name} ${mustBe('a duration such as "250ms", "30s", "5m", "2h" or "15d", or a number of milliseconds', value)}`,
    );
  }
  if (milliseconds < min || milliseconds > max) {
    throw new BusError(
      "invalid_config",
      `${name} ${mustBe(`from ${formatDuration(min)} to ${formatDuration(max)}`, value)}`,
    );
  }
  return milliseconds;
}

function toMilliseconds(value: unknown): number {
  if (typeof value === "number") return Number.isFinite(value) ? value : Number.NaN;
  if (typeof value !== "string") return Number.NaN;
  const [, amount, unit] = durationForm.exec(value) ?? [];
  return isUnit(unit) ? Number(amount) * millisecondsOf[unit] : Number.NaN;
}

function isUnit(unit: string | undefined): unit is keyof typeof millisecondsOf {
  return unit !== undefined && unit in millisecondsOf;
}

/** Formats milliseconds as the shortest exact duration: 90000 is `"90s"`, 60000 is `"1m"`. */
export function formatDuration(milliseconds: number): Duration {
  for (const unit of ["d", "h", "m", "s"] as const) {
    const size = millisecondsOf[unit];
    if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  }
  return `${milliseconds}ms`;
}
