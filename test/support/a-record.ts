import type { SubscriptionRecord } from "../../lib/subscription/subscription.ts";

/** A subscription for tests of what reads subscriptions; only what a test is about has to be said. */
export function aRecord(parts: Partial<SubscriptionRecord> = {}): SubscriptionRecord {
  return {
    name: "one",
    on: ["*"],
    attempts: 5,
    backoff: { from: 1_000, to: 60_000 },
    timeout: 30_000,
    concurrency: 10,
    idempotent: true,
    dedupeFor: 15 * 86_400_000,
    from: "now",
    ...parts,
  };
}
