import type { Catalog } from "../event/catalog.ts";
import { nearest } from "../event/nearest.ts";
import { isCustomType } from "../event/type-name.ts";
import { typeMatcher } from "../pattern/type-names.ts";

/**
 * Returns the names in `on` of types that the catalog does not have. Names with `*` and types of `custom.*` are always known;
 * so is every type if the catalog is open.
 */
export function unknownTypes(names: readonly string[], catalog: Catalog): readonly string[] {
  if (catalog.open) return [];
  return names.filter((name) => !name.includes("*") && !isCustomType(name) && catalog.get(name) === undefined);
}

/** A name with `*` that matches no type of a catalog. */
export interface UnmatchedName {
  readonly name: string;
  /** The most similar name that does match, if there is one. */
  readonly nearest?: string;
}

/**
 * Returns the names with `*` that match no type of a closed catalog: most likely they are misspelt. It is no error, since
 * another process or an AWS publisher may know more types. A name that may match a `custom.*` type is returned only if there
 * is a similar one.
 */
export function unmatchedNames(names: readonly string[], catalog: Catalog): readonly UnmatchedName[] {
  if (catalog.open) return [];
  const types = catalog.types();
  return names.flatMap((name) => {
    if (!name.includes("*") || isCustomType(name) || types.some(typeMatcher([name]))) return [];
    const similar = nearest(name, new Set(types.flatMap(namesWithStar)));
    if (similar !== undefined) return [{ name, nearest: similar }];
    return mayBeCustom(name) ? [] : [{ name }];
  });
}

/** Whether a name with `*` may match a type of `custom.*`. */
export function mayBeCustom(name: string): boolean {
  return isCustomType(name) || "custom.".startsWith(name.slice(0, name.indexOf("*")));
}

/** The names with one `*` at a dot that match a type: `task.*`, `*.failed`, `agent.*.failed`. */
function namesWithStar(type: string): readonly string[] {
  const words = type.split(".");
  return words.flatMap((_, index) => {
    const [before, after] = [words.slice(0, index), words.slice(index)];
    if (index === 0) return [];
    return [`${before.join(".")}.*`, `*.${after.join(".")}`, `${before[0]}.*.${after.at(-1)}`];
  });
}
