import type { Catalog } from "../event/catalog.ts";

/** A catalog, as data and as the module that functions get it from. */
export interface CatalogModule {
  /** Its path; the default export is the catalog. */
  readonly module: string;
  /** The same catalog. */
  readonly catalog: Catalog;
}
