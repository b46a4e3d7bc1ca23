import { BusError } from "../error/bus-error.ts";
import type { ScheduledFunction } from "./function.ts";
import type { WatchOptions } from "./options.ts";

export function watchFlows(_options: WatchOptions = {}): ScheduledFunction {
  return async () => {
    throw new BusError("unavailable", "watch-flows: not built yet");
  };
}
