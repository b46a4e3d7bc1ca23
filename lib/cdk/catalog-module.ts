import type { Catalog } from "../event/catalog.ts";

/** A catalog, together with the module from which functions import it. */
export interface CatalogModule {
  /** Path of the module; its default export is the catalog. */
  readonly module: string;
  /** The same catalog. */
  readonly catalog: Catalog;
}
