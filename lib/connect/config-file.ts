import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { BusError } from "../error/bus-error.ts";
import { loadProblem } from "./load-problem.ts";
import { type ConnectOptions, checkOptions } from "./options.ts";

const names = ["waggle.config.ts", "waggle.config.mts", "waggle.config.js", "waggle.config.mjs"];

/** Returns its argument, typed: for the default export of `waggle.config.ts`. */
export function defineConfig<Events>(options: ConnectOptions<Events>): ConnectOptions<Events> {
  return options;
}

/**
 * Reads the options from the named configuration file, or else from the one in the folder, if there is one. Throws
 * `invalid_config`.
 */
export async function fileOptions(folder: string, file?: string): Promise<ConnectOptions> {
  const path = file === undefined ? names.map((name) => join(folder, name)).find(existsSync) : resolve(folder, file);
  if (path === undefined) return {};
  if (!existsSync(path)) throw new BusError("invalid_config", `the configuration file ${path} does not exist`);
  let options: unknown;
  try {
    const module: unknown = await import(pathToFileURL(path).href);
    // A promise is awaited: its options may come from elsewhere.
    options = isObject(module) ? await Reflect.get(module, "default") : undefined;
  } catch (thrown) {
    throw new BusError("invalid_config", `${path} cannot be loaded: ${loadProblem(thrown)}`, { cause: thrown });
  }
  if (!isObject(options)) {
    throw new BusError("invalid_config", `${path} has no default export; add: export default defineConfig({ ... })`);
  }
  checkOptions(options, path);
  return options;
}

/** `instanceof Object` would be false for a module, which has no prototype. */
function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
