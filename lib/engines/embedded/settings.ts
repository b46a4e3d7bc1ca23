import type { BusError } from "../../error/bus-error.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";

/** The engine's options with every default filled in; times in milliseconds. */
export interface EngineSettings {
  readonly file: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nextId: () => string;
  readonly random: () => number;
  readonly retention: number;
  readonly maxPending: number;
  readonly pollMs: number;
  readonly processCheckMs: number;
  readonly lockWaitMs: number;
  readonly closeWaitMs: number;
  /** Bytes. */
  readonly logLimit: number;
  onError(error: BusError): void;
}
