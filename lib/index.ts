export type {
  Bus,
  DeadLetters,
  Emit,
  Handler,
  HandlerContext,
  History,
  PublishOptions,
  PublishResult,
  SubscribeOptions,
  Subscriber,
  SubscriberInfo,
  Subscriptions,
  WaitOptions,
} from "./bus/bus.ts";
export type { Clock, Timer } from "./bus/clock.ts";
export type { DeadLetter, Failure, PendingDelivery } from "./bus/delivery.ts";
export type { SubscriptionState } from "./bus/engine.ts";
export { NonRetriableError, RetryAfterError } from "./bus/handler-errors.ts";
export type { RateLimit } from "./bus/layers/rate-limit.ts";
export { jsonLogger, type Logger, type LogLevel } from "./bus/logger.ts";
export type { BusMetrics, Percentiles } from "./bus/metrics.ts";
export type {
  ArchiveReplayOptions,
  ArchiveReplayProgress,
  ArchiveReplayReport,
  ArchiveSelection,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetterReport,
  Flow,
  FlowNode,
  HistoryQuery,
  Page,
  PageOptions,
  ReplayOptions,
  ReplayReport,
  StatsQuery,
  StatsRow,
} from "./bus/queries.ts";
export type { Register, RegisteredEvents } from "./bus/register.ts";
export type { EventOfWant, EventsOfWants, Want } from "./bus/want.ts";
export { type ConnectOptions, connect, defineConfig, getBus, initBus } from "./connect/index.ts";
export { BusError, type BusErrorCode, type BusErrorOptions, busErrorCodes } from "./error/bus-error.ts";
export {
  type ByType,
  type Catalog,
  type CatalogOptions,
  createCatalog,
  type DataSchema,
  type Definitions,
  type Draft,
  type DraftMetadata,
  type Duration,
  defineEvent,
  type Event,
  type EventDefinition,
  type EventIds,
  type EventMetadata,
  type EventOptions,
  type EventsOf,
  eventIdNames,
  eventSize,
  exampleOf,
  type Json,
  type JsonObject,
  maxEventBytes,
  type OlderVersion,
  type OlderVersionOf,
} from "./event/index.ts";
export {
  compilePattern,
  compilePatterns,
  explainPattern,
  type Pattern,
  type PatternExplanation,
  type PatternMismatch,
  type PatternNode,
  type PatternValue,
} from "./pattern/index.ts";
export {
  defineSubscription,
  type EventFor,
  type EventOf,
  type Subscription,
  type SubscriptionRecord,
  type Wanted,
  type WantedIn,
  type Where,
  type WhereEvent,
  type WhereFields,
  type WhereValue,
} from "./subscription/index.ts";
