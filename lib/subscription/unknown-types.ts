import type { Catalog } from "../event/catalog.ts";
import { nearest } from "../event/nearest.ts";
import { isCustomType } from "../event/type-name.ts";
import type { SubscriptionRecord } from "./subscription.ts";

/** A type that a subscription names and the catalog does not know. */
export interface UnknownType {
  readonly type: string;
  /** The known type that it most likely means. */
  readonly nearest: string | undefined;
}

/** The exact type names of `on` that no event can have. None where the catalog is open; `custom.*` is always known. */
export function unknownTypes(record: Pick<SubscriptionRecord, "on">, catalog: Catalog): readonly UnknownType[] {
  if (catalog.open) return [];
  return record.on
    .filter((type) => !type.includes("*") && !isCustomType(type) && catalog.get(type) === undefined)
    .map((type) => ({ type, nearest: nearest(type, catalog.types()) }));
}
