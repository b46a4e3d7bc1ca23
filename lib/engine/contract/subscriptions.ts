import { taskCompleted } from "../../catalog/task.ts";
import { type Duration, parseDuration } from "../../event/duration.ts";
import type { Subscription } from "../../subscription/index.ts";

/** Retried almost at once. */
const soon = { from: 2, to: 10 } as const;

/**
 * Every named subscription of the suite, so that a cloud engine can deploy them beforehand. Types tell them apart, so that
 * cases do not disturb each other: who publishes a type consumes every subscription to it, or the flow never settles.
 * Durations are milliseconds at a time scale of 1.
 */
export const subscriptions = {
  "exact-type": { on: "custom.contract.routing.alpha" },
  "type-prefix": { on: "custom.contract.routing.*" },
  "type-suffix": { on: "*.contract_omega" },
  "type-middle": { on: "custom.*.routing.*ta" },
  "every-type": { on: "*", where: { metadata: { projectId: ["contract-every-type"] } } },
  "two-names-for-one": { on: ["custom.contract.routing.alpha", "custom.contract.routing.al*"] },
  "by-definition": { on: taskCompleted, where: { metadata: { projectId: ["contract-by-definition"] } } },
  "by-content": {
    on: "custom.contract.content",
    where: {
      data: { kind: ["document", { prefix: "page-" }], score: [{ numeric: [">=", 0.5] }] },
      metadata: { priority: [{ numeric: ["<=", 3] }] },
    },
  },
  "by-source": { on: "custom.contract.content", where: { source: ["planner"] } },
  unrecorded: { on: "llm.text.delta", where: { metadata: { projectId: ["contract-unrecorded"] } }, attempts: 1 },

  handled: { on: "custom.contract.handled", backoff: soon },
  "one-of-two": { on: "custom.contract.for_two" },
  "two-of-two": { on: "custom.contract.for_two" },
  "three-attempts": { on: "custom.contract.three_attempts", attempts: 3, backoff: soon },
  "failing-beside": { on: "custom.contract.failing_beside", attempts: 3, backoff: soon },
  "undisturbed-by-failing": { on: "custom.contract.failing_beside" },
  "long-backoff": { on: "custom.contract.long_backoff", attempts: 3, backoff: { from: "15m", to: "30m" } },
  "growing-backoff": { on: "custom.contract.growing_backoff", attempts: 3, backoff: { from: 60, to: 120 } },
  "short-timeout": { on: "custom.contract.short_timeout", attempts: 2, backoff: soon, timeout: 200, concurrency: 1 },
  // Its case publishes within this time, on any machine.
  "publishing-late": {
    on: "custom.contract.publishing_late",
    attempts: 2,
    backoff: soon,
    timeout: 1_000,
    concurrency: 1,
  },
  "stuck-beside": { on: "custom.contract.stuck_beside", attempts: 2, backoff: soon, timeout: 150, concurrency: 1 },
  "undisturbed-by-stuck": { on: "custom.contract.stuck_beside" },

  // Its cases wait for what a queue says of itself: an emulator may take its time.
  "two-at-once": { on: "custom.contract.two_at_once", concurrency: 2, backoff: soon, timeout: 10_000 },
  "one-at-a-time": { on: "custom.contract.one_at_a_time", concurrency: 1, backoff: soon },
  "in-order": { on: "custom.contract.in_order", ordered: "data.key", attempts: 3, backoff: soon },
  "in-order-single": { on: "custom.contract.in_order_single", ordered: "data.key", concurrency: 1 },
  "in-order-fragile": { on: "custom.contract.in_order_fragile", ordered: "data.key", attempts: 2, backoff: soon },

  collecting: { on: "custom.contract.collecting", backoff: soon },
  "small-backlog": { on: "custom.contract.small_backlog", maxBacklog: 3, attempts: 1 },
  "beside-small-backlog": { on: "custom.contract.small_backlog" },

  "flow-start": { on: "custom.contract.flow_start", attempts: 3, backoff: soon },
  "flow-next": { on: "custom.contract.flow_next", attempts: 2, backoff: soon },
  "flow-end": { on: "custom.contract.flow_end", attempts: 2, backoff: soon },

  "replayed-here": { on: "custom.contract.replayed", attempts: 2, backoff: soon },
  "replayed-there": { on: "custom.contract.replayed*", attempts: 2, backoff: soon },

  "replayed-alone": { on: "custom.contract.alone_replayed", attempts: 2, backoff: soon },

  fragile: { on: "custom.contract.fragile", attempts: 2, backoff: soon },
  "fragile-beside": { on: "custom.contract.fragile_beside", attempts: 2, backoff: soon },
  "never-broken": { on: "custom.contract.fragile_beside" },

  versioned: { on: "custom.contract.versioned", where: { data: { title: [{ exists: true }] } } },
  faithful: { on: "custom.contract.faithful" },
  "seen-by-another": { on: "custom.contract.seen_by_another" },
  crashing: { on: "custom.contract.crashing", attempts: 3, backoff: soon },
  batched: { on: "custom.contract.batched", attempts: 2, backoff: soon, concurrency: 20 },
  "batched-in-order": { on: "custom.contract.batched_in_order", ordered: "data.key", concurrency: 20 },
  throttled: { on: "custom.contract.throttled", throttle: { limit: 2, per: 200 }, attempts: 2, backoff: soon },
  "throttled-by-key": {
    on: "custom.contract.throttled_by_key",
    throttle: { limit: 1, per: 250, key: "data.key" },
    ordered: "data.key",
  },
  "one-per-key": { on: "custom.contract.one_per_key", concurrencyPerKey: { key: "data.key", limit: 1 } },
  closing: { on: "custom.contract.closing", concurrency: 1 },
  "short-lived": { on: "custom.contract.short_lived", backoff: soon },
  "crashing-twice": { on: "custom.contract.crashing_twice", attempts: 2, backoff: soon },
} as const satisfies Record<string, Omit<Subscription, "name">>;

/** The name of one of {@link subscriptions}. */
export type SubscriptionName = keyof typeof subscriptions;

/** Whether a text is the name of one of {@link subscriptions}. */
export function isSubscriptionName(name: string): name is SubscriptionName {
  return Object.hasOwn(subscriptions, name);
}

/** A subscription of the suite with its durations stretched. */
export function subscriptionOf(name: SubscriptionName, timeScale: number): Subscription {
  const settings: Omit<Subscription, "name"> = subscriptions[name];
  const { timeout, backoff, throttle } = settings;
  const stretched = (duration: Duration) => parseDuration(duration, name) * timeScale;
  return {
    ...settings,
    name,
    ...(timeout === undefined ? {} : { timeout: stretched(timeout) }),
    ...(throttle === undefined ? {} : { throttle: { ...throttle, per: stretched(throttle.per) } }),
    ...(backoff === undefined
      ? {}
      : { backoff: { from: stretched(backoff.from ?? 1), to: stretched(backoff.to ?? 1) } }),
  };
}
