import type { Detector } from "../detector.ts";
import type { CheckedRule } from "../rules/rules.ts";
import { cost } from "./cost.ts";
import { loop } from "./loop.ts";
import { noResult } from "./no-result.ts";
import { failures, rateSpike } from "./rate.ts";
import { silence } from "./silence.ts";
import { slowFlow } from "./slow-flow.ts";
import { stuckFlow } from "./stuck-flow.ts";
import { backlog, deadLetters } from "./subscriptions.ts";

/** The detector of a rule. */
export function detectorOf(rule: CheckedRule): Detector {
  switch (rule.kind) {
    case "slow-flow":
      return slowFlow(rule);
    case "stuck-flow":
      return stuckFlow(rule);
    case "no-result":
      return noResult(rule);
    case "rate-spike":
      return rateSpike(rule);
    case "failures":
      return failures(rule);
    case "silence":
      return silence(rule);
    case "backlog":
      return backlog(rule);
    case "dead-letters":
      return deadLetters(rule);
    case "cost":
      return cost(rule);
    case "loop":
      return loop(rule);
  }
}
