import type { EngineContext } from "../../engine/engine.ts";
import type { Names } from "./storage/names.ts";

/** What an engine is opened with, defaults filled in. */
export interface EngineSettings extends EngineContext {
  readonly names: Names;
  /** Milliseconds for which history is kept. */
  readonly retention: number;
  /** Publishes that may wait to be written. */
  readonly maxPending: number;
  /** Milliseconds for which a process without a connection of its own counts as alive after its last sign of life. */
  readonly leaseMs: number;
  /** Milliseconds for which `close` waits for the ends of attempts to be written. */
  readonly closeWaitMs: number;
}
