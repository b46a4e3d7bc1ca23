import type { EngineFactory } from "../engine/engine.ts";
import { loadEmbedded, loadPostgres } from "./load-engine.ts";

/** Options of the engine that is mounted; durations are milliseconds. */
export interface MountOptions {
  readonly retention?: number;
  readonly closeWaitMs?: number;
}

/** Opens the engine that another one mounts as its store: a PostgreSQL database by its URL, else a file of this machine. */
export function mountedStore(where: string, options: MountOptions = {}): EngineFactory {
  return async (context) => {
    if (/^postgres(ql)?:\/\//.test(where)) {
      const { openPostgres } = await loadPostgres();
      return openPostgres({ ...options, url: where }, context);
    }
    const { openEmbedded } = await loadEmbedded();
    return openEmbedded({ ...context, ...options, file: where });
  };
}
