import type { Engine } from "../engine/engine.ts";
import type { BusDependencies } from "./bus-dependencies.ts";

const made = new WeakMap<object, BusDependencies>();

/** Remembers what a bus is made of. */
export function setDependenciesOf(bus: object, dependencies: BusDependencies): void {
  made.set(bus, dependencies);
}

/** What a bus is made of, for what serves it; `undefined` for whatever is no bus of this copy of the package. */
export function dependenciesOf(bus: unknown): BusDependencies | undefined {
  return typeof bus === "object" && bus !== null ? made.get(bus) : undefined;
}

/** What carries a bus, for what works on the ports themselves; `undefined` for whatever is no bus of this copy of the package. */
export function engineOf(bus: unknown): Engine | undefined {
  return dependenciesOf(bus)?.engine;
}
