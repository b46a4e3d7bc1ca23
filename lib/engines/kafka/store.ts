import type { Engine } from "../../engine/engine.ts";
import type { EventLog } from "../../engine/event-log.ts";
import { BusError } from "../../error/bus-error.ts";

/** The engine that is mounted for all that topics do not tell. */
export interface Store {
  readonly engine: Engine;
  readonly takeOver: NonNullable<EventLog["takeOver"]>;
  readonly feeds: NonNullable<EventLog["feeds"]>;
}

/** `invalid_config` for an engine that cannot take over what another one has accepted. */
export function storeOf(engine: Engine): Store {
  const { log } = engine;
  const takeOver = log.takeOver?.bind(log);
  const feeds = log.feeds?.bind(log);
  if (takeOver !== undefined && feeds !== undefined) return { engine, takeOver, feeds };
  throw new BusError(
    "invalid_config",
    `the engine ${engine.name} cannot be the store of a kafka engine; use a file, or postgresEngine`,
  );
}
