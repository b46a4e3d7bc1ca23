import type { Catalog } from "../event/catalog.ts";
import { isCustomType } from "../event/type-name.ts";

/** Of names in `on`, those of types that no event can have. None where the catalog is open; `custom.*` is always known. */
export function unknownTypes(names: readonly string[], catalog: Catalog): readonly string[] {
  if (catalog.open) return [];
  return names.filter((name) => !name.includes("*") && !isCustomType(name) && catalog.get(name) === undefined);
}
