export { type Catalog, type CatalogOptions, createCatalog, type Definitions, type EventsOf } from "./catalog.ts";
export { copyJson, maxDepth } from "./copy-json.ts";
export {
  type ByType,
  type DataSchema,
  defineEvent,
  type EventDefinition,
  type EventOptions,
  type OlderVersion,
  type OlderVersionOf,
} from "./definition.ts";
export { type Duration, type DurationBounds, formatDuration, parseDuration } from "./duration.ts";
export {
  type Draft,
  type DraftMetadata,
  type Event,
  type EventIds,
  type EventMetadata,
  eventIdNames,
  type UntypedData,
} from "./event.ts";
export { exampleOf } from "./example.ts";
export { createIds, type IdOptions, idTime } from "./id.ts";
export type { DataIssue } from "./issues.ts";
export type { Json, JsonObject } from "./json.ts";
export { didYouMean, nearest } from "./nearest.ts";
export { formatPath } from "./path.ts";
export { type PrepareContext, type PreparedEvent, prepareEvent } from "./prepare.ts";
export { shortForm } from "./short-form.ts";
export { eventSize, eventTooLarge, maxEventBytes } from "./size.ts";
export { formatTime, normalizeTime } from "./time.ts";
export { isCustomType, maxTypeLength, typeNameProblem } from "./type-name.ts";
