import type { SubscriptionState } from "../engine/subscription-store.ts";
import type { BusMetrics, Counters } from "../runtime/metrics.ts";

/** The counts of a bus, with the current depths of its subscriptions. */
export function busMetrics(
  { publishMs, deliveryMs, handling, ...counts }: Counters,
  states: readonly SubscriptionState[],
  runners: Iterable<{ readonly paused: boolean }>,
): BusMetrics {
  return {
    ...counts,
    activeSubscriptions: [...runners].filter((runner) => !runner.paused).length,
    backlog: states.reduce((sum, state) => sum + state.waiting + state.delayed, 0),
    oldestAgeMs: states.reduce((oldest, state) => Math.max(oldest, state.oldestAgeMs), 0),
    publishMs: publishMs.percentiles(),
    deliveryMs: deliveryMs.percentiles(),
    handling: handling.times(),
  };
}
