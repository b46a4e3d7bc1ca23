import { subscriptionRecord } from "./record.ts";
import type { Subscription, Wanted } from "./subscription.ts";

/**
 * A subscription as pure data; frozen. Checked here, so that a bad one fails where it is written: `invalid_config`,
 * `invalid_pattern`. What a handler of it gets is inferred from `on`.
 */
export function defineSubscription<const On extends Wanted | readonly Wanted[]>(
  subscription: Subscription<On>,
): Subscription<On> {
  // Without a name it is checked under one that any could have; the bus gives it its own.
  subscriptionRecord({ name: "unnamed", ...subscription });
  return Object.freeze({ ...subscription });
}
