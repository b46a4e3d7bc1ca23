import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Engine } from "../../engine/engine.ts";
import type { BusError } from "../../error/bus-error.ts";
import { createIds } from "../../event/id.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import { EmbeddedEngine } from "./engine.ts";
import { ProcessLock } from "./processes/process-lock.ts";
import { register } from "./processes/process-registry.ts";
import type { EngineSettings } from "./settings.ts";
import { defaultLogLimit, openConnection, whenFree } from "./storage/connection.ts";
import { storeError } from "./storage/sqlite-error.ts";

export { checkFile } from "./check-file.ts";

export interface EmbeddedOptions {
  /** The SQLite file; it and its folder are created where they do not exist. Beside it lies the folder `<file>-locks`. */
  readonly file: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called for background errors, which no caller can see: work that failed, rows that cannot be read. */
  onError(error: BusError): void;
  /** 0 up to 1. */
  random(): number;
  /** Ids of dead letters; default: UUID v7. */
  readonly nextId?: () => string;
  /** Milliseconds for which history is kept; default 30 days. */
  readonly retention?: number | undefined;
  /**
   * `"full"` (default) has the disk sync each commit: what was accepted survives a power cut. `"normal"` survives the end of
   * the process, however it ends, but a power cut may take the last moments.
   */
  readonly synchronous?: "full" | "normal";
  /** Publishes that may wait to be written; above it they fail `throttled`. Default 100,000. */
  readonly maxPending?: number;
  /** Milliseconds between two polls for what other processes have written; five times that when all is quiet. Default 5. */
  readonly pollMs?: number;
  /** Milliseconds between two checks whether other processes are gone. Default 1,000. */
  readonly processCheckMs?: number;
  /** Milliseconds for which another process's lock is waited for before a call fails `unavailable`. Default 30,000. */
  readonly lockWaitMs?: number;
  /** Milliseconds for which `close` waits where the ends of attempts cannot be written. Default 10,000. */
  readonly closeWaitMs?: number;
  /** Bytes of SQLite's write-ahead log above which it is cut back as soon as no reader holds it. Default 16 MiB. */
  readonly logLimit?: number;
}

const dayMs = 86_400_000;

/**
 * Opens the bus in a SQLite file. A new file is created; one of an earlier schema version is migrated, and programs of that
 * version cannot use it any more. `invalid_config` where the file is of a version that is not known, or of another program;
 * `unavailable` where it is corrupt, locked, or cannot be read and written. Such a file is left as it is.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Engine> {
  const settings = withDefaults(options);
  const db = await openConnection({ ...settings, synchronous: options.synchronous ?? "full" });
  const engine = await startOn(db, settings);
  options.logger.debug("embedded bus is open", { file: settings.file });
  return engine;
}

/** The engine's settings; for tests that bring their own connection. */
export function withDefaults(options: EmbeddedOptions): EngineSettings {
  const { clock, logger, onError, random } = options;
  return {
    file: resolve(options.file),
    clock,
    logger,
    random,
    nextId: options.nextId ?? createIds({ now: clock.now }),
    retention: options.retention ?? 30 * dayMs,
    maxPending: options.maxPending ?? 100_000,
    pollMs: options.pollMs ?? 5,
    processCheckMs: options.processCheckMs ?? 1_000,
    lockWaitMs: options.lockWaitMs ?? 30_000,
    closeWaitMs: options.closeWaitMs ?? 10_000,
    logLimit: options.logLimit ?? defaultLogLimit,
    onError,
  };
}

/** An engine on an open connection, which it closes. */
export async function startOn(db: DatabaseSync, settings: EngineSettings): Promise<Engine> {
  let held: ProcessLock | undefined;
  try {
    const lock = await whenFree(settings, () => ProcessLock.take(settings.file));
    held = lock;
    const processId = await whenFree(settings, () => register(db, lock));
    const engine = new EmbeddedEngine(db, lock, processId, settings);
    await engine.start();
    return engine;
  } catch (thrown) {
    held?.release();
    db.close();
    throw storeError(settings.file, thrown);
  }
}
