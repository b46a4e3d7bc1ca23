import { type Catalog, createCatalog } from "../event/catalog.ts";
import type { ByType } from "../event/definition.ts";
import * as definitions from "./definitions.ts";

export * from "./definitions.ts";

/** The data of each standard type. A named interface: a mapped type in its place is written out wherever it is used. */
export interface StandardEvents extends ByType<typeof definitions> {}

/** Every standard type; closed, so a mistyped name is refused. `standardCatalog.extend([…])` adds your own. */
export const standardCatalog: Catalog<StandardEvents> = createCatalog(definitions);
