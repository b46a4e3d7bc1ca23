import type { Engine } from "../engine/engine.ts";

const engines = new WeakMap<object, Engine>();

/** Remembers what carries a bus. */
export function setEngineOf(bus: object, engine: Engine): void {
  engines.set(bus, engine);
}

/** What carries a bus, for what works on the ports themselves; `undefined` for what is no bus of this copy of the package. */
export function engineOf(bus: object): Engine | undefined {
  return engines.get(bus);
}
