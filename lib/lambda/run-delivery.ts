import { type AttemptCounts, Attempts, type AttemptsDependencies, type HandlerSettings } from "../delivery/attempts.ts";
import type { Delivery } from "../engine/delivery.ts";
import type { RunEnd } from "../engines/aws/deliveries/process-message.ts";
import { BusError } from "../error/bus-error.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";

/** How much time a run has. */
export interface RunTime {
  /** Milliseconds until its time is up, and it has failed. */
  readonly timeoutMs: number;
  /** Milliseconds until it has to make way, as if it had not begun; absent where it has all the time there is. */
  readonly untilMs: number | undefined;
}

/** What a delivery is run with. */
export interface DeliveryRun<Events> {
  readonly attempts: AttemptsDependencies<Events>;
  readonly handler: HandlerSettings;
  readonly record: SubscriptionRecord;
  readonly time: RunTime;
}

/**
 * Makes one attempt and resolves with how that ended, which is not before the handler's promise has settled: a run that
 * ignores its abort is waited for until Lambda ends it.
 */
export async function runDelivery<Events>(
  delivery: Delivery,
  { attempts, handler, record, time }: DeliveryRun<Events>,
): Promise<{ end: RunEnd; counts: AttemptCounts }> {
  const { clock } = attempts;
  const { promise, resolve } = Promise.withResolvers<RunEnd>();
  // For this delivery alone: what is left of the invocation's time differs from run to run.
  const own = new Attempts(attempts, handler, (_delivery, outcome, startedAt) => resolve({ outcome, startedAt }));
  const makeWay = () => own.abort(new BusError("closed", "the function's time is up"));
  const timer = time.untilMs === undefined ? undefined : clock.setTimer(makeWay, time.untilMs);
  try {
    own.begin(delivery, { ...record, timeout: time.timeoutMs });
    return { end: await promise, counts: own.counts };
  } finally {
    if (timer !== undefined) clock.clearTimer(timer);
    own.stop();
  }
}
