import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { loadProblem } from "../../connect/load-problem.ts";
import { BusError } from "../../error/bus-error.ts";
import { mustBe } from "../../error/must-be.ts";
import type { Subscription } from "../../subscription/subscription.ts";
import { resolveToThisPackage } from "./resolve-to-this-package.ts";

/** One folder of `functions/`: what it listens to, and what it does. */
export interface LoadedFunction {
  name: string;
  subscription: Subscription & { name: string };
  handler: (event: never, context: never) => unknown;
}

const extensions = [".ts", ".mts", ".js", ".mjs"];

export interface LoadOptions {
  /** Takes a folder that is missing, or that holds other things, for one without functions. */
  optional?: boolean;
}

/**
 * Loads every `<name>/subscription.ts` and `handler.ts` below a folder, by name; folders that begin with `_` or `.` hold
 * what they share. `not_found` where there is none, `invalid_config` names the file that is wrong.
 */
export async function loadFunctions(
  folder: string,
  cwd: string,
  { optional = false }: LoadOptions = {},
): Promise<LoadedFunction[]> {
  const shown = relative(cwd, folder) || ".";
  const names = (await foldersIn(folder, shown, optional)).filter(
    (name) => !optional || ["subscription", "handler"].some((part) => fileOf(join(folder, name), part) !== undefined),
  );
  if (names.length === 0 && !optional) {
    throw new BusError("not_found", `${shown} has no functions; add ${shown}/<name>/subscription.ts and handler.ts`);
  }
  resolveToThisPackage();
  const functions = await Promise.all(names.toSorted().map((name) => loadFunction(join(folder, name), cwd)));
  const seen = new Map<string, string>();
  for (const { name, subscription } of functions) {
    const other = seen.get(subscription.name);
    if (other !== undefined) {
      throw new BusError(
        "invalid_config",
        `${shown}/${other} and ${shown}/${name} both subscribe as "${subscription.name}"; give each its own name`,
      );
    }
    seen.set(subscription.name, name);
  }
  return functions;
}

async function foldersIn(folder: string, shown: string, optional: boolean): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() && !/^[_.]/.test(entry.name)).map(({ name }) => name);
  } catch (thrown) {
    if (optional) return [];
    throw new BusError(
      "not_found",
      `the folder ${shown} does not exist; add ${shown}/<name>/subscription.ts and handler.ts, or name the folder ` +
        "of your functions with --functions",
      { cause: thrown },
    );
  }
}

async function loadFunction(folder: string, cwd: string): Promise<LoadedFunction> {
  const [subscription, handler] = await Promise.all([
    importDefault(folder, "subscription", cwd),
    importDefault(folder, "handler", cwd),
  ]);
  if (!isNamedSubscription(subscription.value)) {
    throw new BusError(
      "invalid_config",
      `${subscription.file}: the default export ` +
        mustBe('a subscription such as defineSubscription({ name: "…", on: … })', subscription.value),
    );
  }
  if (!isFunction(handler.value)) {
    throw new BusError(
      "invalid_config",
      `${handler.file}: the default export ${mustBe("a function (event, context) => …", handler.value)}`,
    );
  }
  const name = folder.slice(Math.max(folder.lastIndexOf("/"), folder.lastIndexOf("\\")) + 1);
  return { name, subscription: subscription.value, handler: handler.value };
}

async function importDefault(folder: string, part: string, cwd: string): Promise<{ file: string; value: unknown }> {
  const path = fileOf(folder, part);
  if (path === undefined) {
    throw new BusError(
      "invalid_config",
      `${relative(cwd, folder) || folder} has no ${part}.ts; add it, or start the folder's name with _ if it is not a function`,
    );
  }
  const file = relative(cwd, path);
  try {
    const module: { default?: unknown } = await import(pathToFileURL(path).href);
    return { file, value: module.default };
  } catch (thrown) {
    throw new BusError("invalid_config", `${file} could not be loaded: ${loadProblem(thrown)}`, { cause: thrown });
  }
}

function fileOf(folder: string, part: string): string | undefined {
  return extensions.map((extension) => join(folder, `${part}${extension}`)).find(existsSync);
}

/** What else is in it, the bus checks when it subscribes. */
function isNamedSubscription(value: unknown): value is LoadedFunction["subscription"] {
  return value instanceof Object && typeof Reflect.get(value, "name") === "string" && "on" in value;
}

function isFunction(value: unknown): value is LoadedFunction["handler"] {
  return typeof value === "function";
}
