import * as z from "zod";
import type { Bus } from "../bus/bus.ts";
import type { BusDependencies } from "../bus/bus-dependencies.ts";
import { dependenciesOf } from "../bus/engine-of.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import type { EventDefinition } from "../event/definition.ts";
import type { Event } from "../event/event.ts";

/** A bus, whatever events it knows. */
export type AnyBus = Pick<Bus, "engine" | "history">;

/** A bus and what it is made of. */
export interface OpenBus extends BusDependencies {
  /** Of events of any type. */
  readonly bus: Pick<Bus<Record<string, unknown>>, "publish" | "subscribe" | "waitFor">;
}

/** What a bus is made of. `invalid_config` for whatever is not a bus; `call` names who asks. */
export function openBus(call: string, bus: AnyBus): OpenBus {
  const dependencies = dependenciesOf(bus);
  if (dependencies === undefined) {
    throw new BusError("invalid_config", `${call}: the first argument ${mustBe("a bus", bus)}`);
  }
  // It was made by this package, so that it has every method; what it knows of events is of no account here.
  return { ...dependencies, bus: bus as unknown as OpenBus["bus"] };
}

/** The data of an event as its definition wants it; `undefined` where it is not so. */
export function dataOf<Data>(
  { schema }: EventDefinition<string, Data>,
  { data }: Pick<Event, "data">,
): Data | undefined {
  const parsed = z.safeParse(schema, data);
  // The type of the data is that of the schema: see EventDefinition.
  return parsed.success ? (parsed.data as Data) : undefined;
}
