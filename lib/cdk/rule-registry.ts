import type { IConstruct } from "constructs";
import { BusError } from "../error/bus-error.ts";

/** What EventBridge lets one bus have. */
const ruleLimit = 300;
const wildcardLimit = 30;

interface Rules {
  readonly names: Set<string>;
  wildcards: number;
}

/** By app, then by bus: stacks of one app share a bus. */
const apps = new WeakMap<IConstruct, Map<string, Rules>>();

/** Counts a rule of a bus over the whole app. `invalid_config` where the name is taken or the bus has no room for it. */
export function registerRule(scope: IConstruct, bus: string, name: string, wildcard: boolean): void {
  const rules = rulesOf(scope.node.root, bus);
  if (rules.names.has(name)) {
    throw new BusError(
      "conflict",
      `subscription ${name}: bus ${bus} already has one of that name; give each subscription its own`,
    );
  }
  if (rules.names.size >= ruleLimit) {
    throw new BusError(
      "invalid_config",
      `subscription ${name} would be rule ${ruleLimit + 1} of bus ${bus}, and EventBridge allows ${ruleLimit} a bus; put it on another bus`,
    );
  }
  if (wildcard && rules.wildcards >= wildcardLimit) {
    throw new BusError(
      "invalid_config",
      `subscription ${name} would be wildcard rule ${wildcardLimit + 1} of bus ${bus}, and EventBridge allows ${wildcardLimit} a bus; name its types, or use a * only at the start or at the end`,
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
