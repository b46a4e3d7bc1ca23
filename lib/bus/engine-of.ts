import type { Engine } from "../engine/engine.ts";
import type { BusDependencies } from "./bus-dependencies.ts";

declare global {
  var wagglebusDependencies: WeakMap<object, BusDependencies> | undefined;
}

globalThis.wagglebusDependencies ??= new WeakMap();

/** One for the whole process, also where two copies of the package are loaded: a bus of either is known to both. */
const made = globalThis.wagglebusDependencies;

/** Remembers what a bus is made of. */
export function setDependenciesOf(bus: object, dependencies: BusDependencies): void {
  made.set(bus, dependencies);
}

/** What a bus is made of, for what serves it; `undefined` for whatever is not a bus. */
export function dependenciesOf(bus: unknown): BusDependencies | undefined {
  return typeof bus === "object" && bus !== null ? made.get(bus) : undefined;
}

/** What carries a bus, for what works on the ports themselves; `undefined` for whatever is not a bus. */
export function engineOf(bus: unknown): Engine | undefined {
  return dependenciesOf(bus)?.engine;
}
