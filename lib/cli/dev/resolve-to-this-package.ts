import { registerHooks } from "node:module";

let registered = false;

/**
 * Has whatever is loaded from now on get this copy of the package for `wagglebus` and its entries, wherever it lies: a function's
 * own copy would be another version, or none.
 */
export function resolveToThisPackage(): void {
  if (registered) return;
  registered = true;
  registerHooks({
    // A module of a package that names its package gets what the package exports.
    resolve: (specifier, context, next) =>
      next(specifier, ofThisPackage.test(specifier) ? { ...context, parentURL: import.meta.url } : context),
  });
}

const ofThisPackage = /^wagglebus(\/|$)/;
