import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { loadProblem } from "../../connect/load-problem.ts";
import { BusError } from "../../error/bus-error.ts";
import { resolveToThisPackage } from "./resolve-to-this-package.ts";

/** Checks that these files are there, before anything is begun. Gives their paths from `cwd`. `not_found`. */
export function checkModules(files: readonly string[], cwd: string): string[] {
  return files.map((file) => {
    const path = resolve(cwd, file);
    if (existsSync(path)) return relative(cwd, path);
    throw new BusError(
      "not_found",
      `the file ${file} does not exist; --import must name a module that calls \`subscribe\``,
    );
  });
}

/** Loads a module, which subscribes by itself. Rejects with the signal's reason where that fires first. `invalid_config`. */
export async function importModule(file: string, cwd: string, signal: AbortSignal): Promise<void> {
  resolveToThisPackage();
  signal.throwIfAborted();
  const stopped = Promise.withResolvers<never>();
  const stop = () => stopped.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    // A module may await for ever at its top level.
    await Promise.race([import(pathToFileURL(resolve(cwd, file)).href), stopped.promise]);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    throw new BusError("invalid_config", `${file} could not be loaded: ${loadProblem(thrown)}`, { cause: thrown });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
