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
export type { Register, RegisteredEvents } from "./bus/register.ts";
export { type ConnectOptions, connect, defineConfig, getBus, initBus } from "./connect/index.ts";
export { NonRetriableError, RetryAfterError } from "./delivery/handler-errors.ts";
export type { DeadLetter, Failure, PendingDelivery } from "./engine/delivery.ts";
export type { SubscriptionState } from "./engine/engine.ts";
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
} from "./engine/queries.ts";
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
export type { EventMatcher, EventOfMatcher, EventsOfMatchers } from "./history/event-matcher.ts";
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
export type { RateLimit } from "./publish/rate-limit.ts";
export type { Clock, Timer } from "./runtime/clock.ts";
export { jsonLogger, type Logger, type LogLevel } from "./runtime/logger.ts";
export type { BusMetrics, Percentiles } from "./runtime/metrics.ts";
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
