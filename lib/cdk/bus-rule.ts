import { CfnRule } from "aws-cdk-lib/aws-events";
import type { Construct } from "constructs";
import { resourceNames } from "../aws-shared/index.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import type { CheckedSubscription } from "./check-subscription.ts";
import { createAfterBus, registerRule } from "./rule-registry.ts";

/** Properties of a rule of a bus. */
export interface BusRuleProps {
  readonly bus: IAgentEventBus;
  readonly checked: CheckedSubscription;
  readonly description: string;
  readonly target: CfnRule.TargetProperty;
}

/**
 * Creates the rule of a subscription or a forward, with its name, and counts it against the limits of the bus. Throws
 * `conflict` or `invalid_config`.
 */
export function busRule(scope: Construct, { bus, checked, description, target }: BusRuleProps): CfnRule {
  const { name } = checked.record;
  registerRule(scope, bus.busName, name, checked.wildcard);
  const rule = new CfnRule(scope, "Rule", {
    name: resourceNames.rule(name),
    eventBusName: bus.busName,
    description,
    eventPattern: checked.pattern,
    targets: [target],
  });
  createAfterBus(rule, bus.busName);
  // CloudFormation refuses null in a template, but accepts the pattern as a string:
  // https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1414
  if (hasNull(checked.pattern)) rule.addPropertyOverride("EventPattern", JSON.stringify(checked.pattern));
  return rule;
}

function hasNull(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === null;
  return Object.values(value).some(hasNull);
}
