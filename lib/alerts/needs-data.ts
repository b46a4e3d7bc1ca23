import { tellsOfFailure } from "../history/event-facts.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import type { CheckedRule } from "./rules/rules.ts";
import { isBegin, isEnd } from "./watched-event.ts";

/**
 * Tells of which types rules need whole events. Of all others they need the type, the source, the flow and the time: what a log
 * lists without them, for a tenth of the cost.
 */
export function needsData(rules: readonly CheckedRule[]): (type: string) => boolean {
  const needs = rules.map(needsDataOf);
  return (type) => needs.some((need) => need(type));
}

function needsDataOf(rule: CheckedRule): (type: string) => boolean {
  switch (rule.kind) {
    // Which part of the flow begins or ends is in the data.
    case "slow-flow":
    case "stuck-flow":
      return (type) => isBegin(type) || isEnd(type);
    case "no-result":
      return typeMatcher(rule.on);
    // Who failed is in the metadata.
    case "failures": {
      const wants = typeMatcher(rule.on);
      return (type) => wants(type) && tellsOfFailure(type);
    }
    // Any event is a sign of life of its agent, reports a cost, or repeats another.
    case "silence":
    case "cost":
    case "loop":
      return () => true;
    case "rate-spike":
    case "backlog":
    case "dead-letters":
      return () => false;
  }
}
