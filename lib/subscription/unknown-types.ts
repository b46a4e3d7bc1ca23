import type { Catalog } from "../event/catalog.ts";
import { isCustomType } from "../event/type-name.ts";

/**
 * Returns the names in `on` of types that the catalog does not have. Names with `*` and types of `custom.*` are always known;
 * so is every type if the catalog is open.
 */
export function unknownTypes(names: readonly string[], catalog: Catalog): readonly string[] {
  if (catalog.open) return [];
  return names.filter((name) => !name.includes("*") && !isCustomType(name) && catalog.get(name) === undefined);
}
