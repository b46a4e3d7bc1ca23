import type { BusDependencies } from "../bus/bus-dependencies.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";

/** Flows have at most 512 characters. */
const longestResource = 256;

/** A name of a resource, such as `file:src/a.ts`. `invalid_config` for what cannot be one. */
export function parseResource(call: string, resource: unknown): string {
  if (typeof resource === "string" && resource.length > 0 && resource.length <= longestResource) return resource;
  throw new BusError(
    "invalid_config",
    `${call}: the resource ${mustBe(`a string of 1 to ${longestResource} characters, such as "file:src/a.ts"`, resource)}`,
  );
}

/** Who holds a lease. `invalid_config` for what cannot be a name, and where neither an option nor the bus has one. */
export function parseHolder(holder: unknown): string {
  if (typeof holder === "string" && holder.length > 0 && holder.length <= 256) return holder;
  throw new BusError("invalid_config", `claim: holder ${mustBe("a string of 1 to 256 characters", holder)}`);
}

/** `invalid_config` on an engine where two processes may see events in different orders. */
export function requireOneOrder(call: string, { engine }: Pick<BusDependencies, "engine">): void {
  if (engine.capabilities.has("ordered-publish")) return;
  throw new BusError(
    "invalid_config",
    `${call}: the engine ${engine.name} has no one order of events for all processes; use memory, embedded, postgres or kafka`,
  );
}
