import { type CfnResource, Stack, Stage } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import { BusError } from "../error/bus-error.ts";

/** The limits of EventBridge for one bus. */
const ruleLimit = 300;
const wildcardLimit = 30;

interface Rules {
  readonly names: Set<string>;
  wildcards: number;
  /** The bus, if this app creates it. */
  bus: CfnResource | undefined;
  readonly resources: CfnResource[];
}

/** The rules by app, environment and bus, because the stacks of an app share a bus. */
const apps = new WeakMap<IConstruct, Map<string, Rules>>();

/**
 * Registers the name of a rule of a bus across the whole app. Throws `conflict` if the name is taken, and `invalid_config` if
 * the bus would exceed its limits.
 */
export function registerRule(scope: IConstruct, bus: string, name: string, wildcard: boolean): void {
  const rules = rulesOf(scope, bus);
  if (rules.names.has(name)) {
    throw new BusError(
      "conflict",
      `subscription ${name}: bus ${bus} already has a subscription with this name; give each its own name`,
    );
  }
  if (rules.names.size >= ruleLimit) {
    throw new BusError(
      "invalid_config",
      `subscription ${name} would be rule ${ruleLimit + 1} of bus ${bus}, but EventBridge allows ${ruleLimit} per bus; use another bus`,
    );
  }
  if (wildcard && rules.wildcards >= wildcardLimit) {
    throw new BusError(
      "invalid_config",
      `subscription ${name} would be wildcard rule ${wildcardLimit + 1} of bus ${bus}, but EventBridge allows ${wildcardLimit} per bus; name its types, or use a * only at the start or at the end`,
    );
  }
  rules.names.add(name);
  if (wildcard) rules.wildcards += 1;
}

/**
 * Creates a rule after its bus and deletes it before, also where it refers to the bus only by name: EventBridge does not
 * delete a bus that has rules. Has no effect for a bus of another app.
 */
export function createAfterBus(rule: CfnResource, bus: string): void {
  const rules = rulesOf(rule, bus);
  rules.resources.push(rule);
  if (rules.bus !== undefined) rule.addResourceDependency(rules.bus);
}

/** Makes the rules of a bus, those of now and later ones, wait for it: see {@link createAfterBus}. */
export function registerBus(bus: CfnResource, name: string): void {
  const rules = rulesOf(bus, name);
  rules.bus = bus;
  for (const rule of rules.resources) rule.addResourceDependency(bus);
}

/** Buses of the same name in another account or Region are other buses. */
function rulesOf(scope: IConstruct, bus: string): Rules {
  const { root } = scope.node;
  const buses = apps.get(root) ?? new Map<string, Rules>();
  apps.set(root, buses);
  const key = [Stage.of(scope)?.node.path, Stack.of(scope).environment, bus].join(" ");
  const rules = buses.get(key) ?? { names: new Set<string>(), wildcards: 0, bus: undefined, resources: [] };
  buses.set(key, rules);
  return rules;
}
