import type { Event } from "../event/event.ts";
import { compilePattern } from "../pattern/index.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";

/** Returns whether one subscription wants an event. For many subscriptions use a `Router`. */
export function subscriptionFilter({ on, where }: Pick<SubscriptionRecord, "on" | "where">): (event: Event) => boolean {
  const wants = typeMatcher(on);
  if (where === undefined) return (event) => wants(event.type);
  const matches = compilePattern(where);
  return (event) => wants(event.type) && matches(event);
}
