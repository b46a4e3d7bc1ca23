export { type Catalog, type CatalogOptions, createCatalog, type Definitions, type EventsOf } from "./catalog.ts";
export type { DataOfType, DeepReadonly, OpenEvents, PublishData, TypeName } from "./data-types.ts";
export {
  type ByType,
  type DataSchema,
  defineEvent,
  type EventDefinition,
  type EventOptions,
  type OlderVersion,
  type OlderVersionOf,
} from "./definition.ts";
export type { Duration } from "./duration.ts";
export {
  type Draft,
  type DraftMetadata,
  type Event,
  type EventIds,
  type EventMetadata,
  eventIdNames,
} from "./event.ts";
export { exampleOf } from "./example.ts";
export type { Json, JsonObject } from "./json.ts";
export { eventSize, maxEventBytes } from "./size.ts";
