import type { SubscriptionState } from "../../engine/subscription-store.ts";
import { typeMatcher } from "../../pattern/type-names.ts";
import type { AlertMetric } from "../alert.ts";
import type { Detector } from "../detector.ts";
import type { RuleOf } from "../rules/rules.ts";

/** Raises for a subscription whose oldest delivery is too old. */
export function backlog(rule: RuleOf<"backlog">): Detector {
  return measured(rule, "subscription.oldest_age", ({ oldestAgeMs }) => oldestAgeMs);
}

/** Raises for a subscription with too many dead letters. */
export function deadLetters(rule: RuleOf<"dead-letters">): Detector {
  return measured(rule, "subscription.dead_letters", (state) => state.deadLetters);
}

function measured(
  { over, subscriptions }: RuleOf<"backlog"> | RuleOf<"dead-letters">,
  metric: AlertMetric,
  read: (state: SubscriptionState) => number,
): Detector {
  const wants = typeMatcher(subscriptions);
  return {
    measure: (states, nowMs, findings) => {
      const left = new Set(findings.subjects());
      for (const state of states) {
        const { name } = state.record;
        if (state.ephemeral || !wants(name)) continue;
        left.delete(name);
        const value = read(state);
        if (value > over) findings.raise({ metric, subject: name, value, threshold: over, atMs: nowMs });
        else findings.clear(name, nowMs, value);
      }
      // A subscription that was deleted has no backlog.
      for (const name of left) findings.clear(name, nowMs, 0);
    },
  };
}
