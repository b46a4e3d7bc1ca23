import { BusError } from "../error/bus-error.ts";
import type { QueueFunction } from "./function.ts";
import type { FunctionOptions } from "./options.ts";

export function recordDeadLetter(_options: FunctionOptions = {}): QueueFunction {
  return async () => {
    throw new BusError("unavailable", "record-dead-letter: not built yet");
  };
}
