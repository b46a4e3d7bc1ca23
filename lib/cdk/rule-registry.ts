import type { IConstruct } from "constructs";
import { BusError } from "../error/bus-error.ts";

/** The limits of EventBridge for one bus. */
const ruleLimit = 300;
const wildcardLimit = 30;

interface Rules {
  readonly names: Set<string>;
  wildcards: number;
}

/** The rules by app and bus, because the stacks of an app share a bus. */
const apps = new WeakMap<IConstruct, Map<string, Rules>>();

/**
 * Registers a rule of a bus across the whole app. Throws `conflict` if the name is taken, and `invalid_config` if the bus would
 * exceed its limits.
 */
export function registerRule(scope: IConstruct, bus: string, name: string, wildcard: boolean): void {
  const rules = rulesOf(scope.node.root, bus);
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

function rulesOf(root: IConstruct, bus: string): Rules {
  const buses = apps.get(root) ?? new Map<string, Rules>();
  apps.set(root, buses);
  const rules = buses.get(bus) ?? { names: new Set<string>(), wildcards: 0 };
  buses.set(bus, rules);
  return rules;
}
