import { subscriptionRecord } from "./record.ts";
import type { EventSelector, Subscription } from "./subscription.ts";

/**
 * Defines a subscription as pure, frozen data. The type of the events that its handler receives is inferred from `on`. Throws
 * `invalid_config` or `invalid_pattern` here, so that a mistake is reported where it is written.
 */
export function defineSubscription<const On extends EventSelector | readonly EventSelector[]>(
  subscription: Subscription<On>,
): Subscription<On> {
  // A subscription without a name is validated under a placeholder; the bus names it later.
  subscriptionRecord({ name: "unnamed", ...subscription });
  return Object.freeze({ ...subscription });
}
