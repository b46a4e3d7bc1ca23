import type { AttemptCounts } from "../delivery/attempts.ts";
import { Runner, type RunnerDependencies } from "../delivery/runner.ts";
import type { Delivery, Outcome } from "../engine/delivery.ts";
import type { Attachment } from "../engine/engine.ts";
import { BusError } from "../error/bus-error.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";

/** A user's handler, whatever it takes. */
export type AnyHandler = (event: never, context: never) => unknown;

/** How much time a run has. */
export interface RunTime {
  /** Milliseconds until its time is up, and it has failed. */
  readonly timeoutMs: number;
  /** Milliseconds until it has to make way, as if it had not begun; absent where it has all the time there is. */
  readonly untilMs: number | undefined;
}

const attachment: Attachment = { wake: () => {}, detach: () => {} };

/**
 * Runs the handler once and resolves with how that ended, which is not before its promise has settled: a run that ignores
 * its abort is waited for until Lambda ends it.
 */
export async function runDelivery<Events>(
  host: Omit<RunnerDependencies<Events>, "engine">,
  record: SubscriptionRecord,
  handler: AnyHandler,
  delivery: Delivery,
  time: RunTime,
): Promise<{ outcome: Outcome; counts: AttemptCounts }> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const engine = {
    attach: () => attachment,
    settings: () => undefined,
    settle: (_delivery: Delivery, outcome: Outcome) => resolve(outcome),
  };
  // A runner of its own: what is left of the invocation's time differs from run to run.
  const runner = new Runner({ ...host, engine }, { ...record, timeout: time.timeoutMs }, handler, undefined);
  const makeWay = () => runner.abort(new BusError("closed", "the function's time is up"));
  const timer = time.untilMs === undefined ? undefined : host.clock.setTimer(makeWay, time.untilMs);
  try {
    runner.deliver(delivery);
    return { outcome: await promise, counts: runner.counts };
  } finally {
    if (timer !== undefined) host.clock.clearTimer(timer);
    await runner.close();
  }
}
