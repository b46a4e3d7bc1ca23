import { BusError } from "../error/bus-error.ts";
import { readable } from "../error/readable.ts";
import { isDefinition } from "../event/definition.ts";
import { dataPathProblem } from "./key-path.ts";
import { keyPaths, subscriptionRecord } from "./record.ts";
import type { EventSelector, Subscription, SubscriptionRecord } from "./subscription.ts";

/**
 * Defines a subscription as pure, frozen data. The type of the events that its handler receives is inferred from `on`. Throws
 * `invalid_config` or `invalid_pattern` here, so that a mistake is reported where it is written.
 */
export function defineSubscription<const On extends EventSelector | readonly EventSelector[]>(
  subscription: Subscription<On>,
): Subscription<On> {
  // A subscription without a name is validated under a placeholder; the bus names it later.
  return readable("defineSubscription: the subscription", () => {
    const given = { ...subscription };
    checkKeyPaths(subscriptionRecord({ name: "unnamed", ...given }), given.on);
    return Object.freeze(given);
  });
}

/** Where all selectors are definitions, what they declare is known without a catalog. */
function checkKeyPaths(record: SubscriptionRecord, on: EventSelector | readonly EventSelector[]): void {
  const selectors: readonly EventSelector[] = Array.isArray(on) ? on : [on];
  const definitions = selectors.filter(isDefinition);
  if (definitions.length < selectors.length) return;
  for (const [setting, path] of keyPaths(record)) {
    const problem = dataPathProblem(path, definitions);
    if (problem === undefined) continue;
    throw new BusError("invalid_config", `subscription ${record.name}: ${setting}: ${problem}`, {
      details: { field: setting },
    });
  }
}
