import type { StatsQuery } from "../engine/queries.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { parseDuration } from "../event/duration.ts";

const minuteMs = 60_000;

/** The length of a window of `stats` in milliseconds: whole minutes, since engines count by the minute. */
export function windowMs(window: StatsQuery["window"]): number | undefined {
  if (window === undefined) return undefined;
  const ms = parseDuration(window, "stats: window");
  if (ms >= minuteMs && ms % minuteMs === 0) return ms;
  throw new BusError(
    "invalid_config",
    `stats: window ${mustBe('a number of whole minutes, such as "1m" or "1h"', window)}`,
  );
}
