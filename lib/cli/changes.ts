import type { Bus } from "../bus/bus.ts";
import { engineOf } from "../bus/engine-of.ts";
import type { CliIo } from "./io.ts";
import type { AnyEvents } from "./open-bus.ts";

/** Between two looks: what changes faster is not read by anybody. */
const restMs = 200;

/**
 * Yields at once, then soon after each change of the bus, and at the latest after `everyMs`, until the command is interrupted.
 */
export async function* changes(io: CliIo, bus: Bus<AnyEvents>, everyMs: number): AsyncGenerator<void, void, void> {
  let changed = true;
  let wake = () => {};
  const unwatch = engineOf(bus)?.watch(() => {
    changed = true;
    wake();
  });
  const onAbort = () => wake();
  io.signal.addEventListener("abort", onAbort, { once: true });
  const pause = (ms: number, until: () => boolean) =>
    new Promise<void>((resolve) => {
      if (until()) return resolve();
      const timer = setTimeout(resolve, ms);
      wake = () => {
        if (!until()) return;
        clearTimeout(timer);
        resolve();
      };
    });
  try {
    while (!io.signal.aborted) {
      changed = false;
      yield;
      await pause(restMs, () => io.signal.aborted);
      await pause(everyMs, () => changed || io.signal.aborted);
    }
  } finally {
    io.signal.removeEventListener("abort", onAbort);
    unwatch?.();
  }
}
