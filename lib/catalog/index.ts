import { type Catalog, createCatalog } from "../event/catalog.ts";
import type { ByType } from "../event/definition.ts";
import * as definitions from "./definitions.ts";

export * from "./definitions.ts";

/** The data of each standard type. As an interface it keeps its name in declarations; a mapped type would be expanded. */
export interface StandardEvents extends ByType<typeof definitions> {}

/** All standard types. The catalog is closed: a mistyped name is refused. `standardCatalog.extend([…])` adds your own types. */
export const standardCatalog: Catalog<StandardEvents> = createCatalog(definitions);
