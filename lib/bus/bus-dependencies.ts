import type { Engine } from "../engine/engine.ts";
import type { BusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Counters } from "../runtime/metrics.ts";
import type { MiddlewareOption } from "./middleware.ts";

/** What a bus is made of. */
export interface BusDependencies {
  readonly engine: Engine;
  readonly catalog: Catalog;
  /** Given to what is published without one. */
  readonly source: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly nextId: (at?: number) => string;
  readonly logger: Logger;
  readonly counters: Counters;
  /** Runs around publishes and handlers, the outermost first. */
  readonly use: readonly MiddlewareOption[];
  /** Milliseconds that handlers may go on for once the bus closes. */
  readonly graceMs: number;
  /** Called for background errors, which no caller can see. */
  readonly onError: (error: BusError) => void;
}
