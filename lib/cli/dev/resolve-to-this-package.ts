import { registerHooks } from "node:module";

/** The entries that functions, modules and configuration files import, from this file. */
const entries: Readonly<Record<string, string>> = {
  wagglebus: "../../index",
  "wagglebus/catalog": "../../catalog/index",
  "wagglebus/dev": "./index",
  "wagglebus/kafka": "../../kafka-entry",
  "wagglebus/postgres": "../../postgres-entry",
};

let registered = false;

/**
 * Has whatever is loaded from now on get this copy of the package for `wagglebus`, source or built, wherever it lies: a
 * function's own copy would be another version, or none.
 */
export function resolveToThisPackage(): void {
  if (registered) return;
  registered = true;
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  registerHooks({
    resolve(specifier, context, next) {
      const entry = Object.hasOwn(entries, specifier) ? entries[specifier] : undefined;
      return entry === undefined
        ? next(specifier, context)
        : { url: new URL(`${entry}${extension}`, import.meta.url).href, shortCircuit: true };
    },
  });
}
