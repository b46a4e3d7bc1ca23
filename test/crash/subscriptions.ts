import { defineSubscription } from "../../lib/index.ts";
import { delta, made } from "./events.ts";

const often = { attempts: 100, backoff: { from: "1ms", to: "20ms" } } as const;

/** What the processes to be killed share. */
export const subscriptions = {
  everything: defineSubscription({ name: "everything", on: [made, delta], concurrency: 50, ...often }),
  keyed: defineSubscription({ name: "keyed", on: [made], ordered: "data.key", concurrency: 31, ...often }),
  chain: defineSubscription({ name: "chain", on: [made], concurrency: 50, ...often }),
  impatient: defineSubscription({ name: "impatient", on: [made], concurrency: 50, attempts: 2 }),
} as const;

export type SubscriptionName = keyof typeof subscriptions;
