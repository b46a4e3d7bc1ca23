import type { Runner } from "../delivery/runner.ts";
import type { Subscriber } from "../delivery/subscriber.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import type { Clock } from "../runtime/clock.ts";

/** After the grace time, for handlers that stop when their signal fires. */
const abortGraceMs = 1_000;

/**
 * Ends the subscribers of a bus that closes: lets their handlers finish within the grace time, then aborts them, and then
 * leaves those alone that ignore it. Resolves in any case, since the engine is to be closed after it.
 */
export async function endRunners<Events>(
  runners: readonly (readonly [Runner<Events>, Subscriber])[],
  reason: BusError,
  { clock, graceMs, onError }: { clock: Clock; graceMs: number; onError: (error: BusError) => void },
): Promise<void> {
  const tell = (thrown: unknown) => onError(toBusError(thrown));
  const ended = Promise.all(runners.map(([, subscriber]) => subscriber.close().catch(tell)));
  if (await within(clock, ended, graceMs)) return;
  for (const [runner] of runners) runner.abort(reason);
  if (await within(clock, ended, abortGraceMs)) return;
  for (const [runner] of runners.filter(([runner]) => runner.running > 0)) {
    runner.abandon();
    onError(
      new BusError("timeout", `subscription ${runner.name}: ${runner.running} handlers ignore the closing of the bus`),
    );
  }
}

/** Whether a promise settles within a time. */
async function within(clock: Clock, promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: unknown;
  const late = new Promise<false>((resolve) => {
    timer = clock.setTimer(() => resolve(false), ms, { keepAlive: true });
  });
  const inTime = await Promise.race([promise.then(() => true as const), late]);
  clock.clearTimer(timer);
  return inTime;
}
