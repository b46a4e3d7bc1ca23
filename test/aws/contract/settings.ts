/** What the stacks of the contract suite, its adapter and its functions have to know. */
import type { Subscription } from "../../../lib/subscription/index.ts";

/** A queue counts in whole seconds, so that a wait of 20 ms takes one; the shortest timeout of the suite has to outlast a call. */
export const timeScale = 20;

/** The buses: processes poll the one, functions consume the other. */
export const buses = { polled: "contract-polled", functions: "contract-functions" } as const;

export const recorderTable = "contract-recorder";

/** Says to a function which subscription it serves: all share one bundle. */
export const subscriptionVariable = "CONTRACT_SUBSCRIPTION";

/**
 * For which a delivery stays with a process that has died: short, since cases wait for it, but long enough for an emulator
 * under load to answer the renewals, three a lease; a lease that is lost makes a second run.
 */
export const lease = "6s";

/** A subscription as functions can have it: without the limits that each process holds by itself. */
export function forFunctions<Given extends Subscription>(given: Given): Omit<Given, "throttle" | "concurrencyPerKey"> {
  const { throttle: _throttle, concurrencyPerKey: _perKey, ...subscription } = given;
  return subscription;
}
