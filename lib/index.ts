export type { AlertConfig, AlertRule, AlertWay } from "./alerts/rules/rules.ts";
export type { Bus, Subscriptions } from "./bus/bus.ts";
export type { EraseOptions, ErasureReport } from "./bus/erase.ts";
export type { Middleware, MiddlewareContext, MiddlewareOption } from "./bus/middleware.ts";
export type { OnOptions } from "./bus/on.ts";
export type { Register, RegisteredEvents } from "./bus/register.ts";
export { type ConnectOptions, connect, defineConfig, getBus, initBus } from "./connect/index.ts";
export type { DeadLetterReport, DeadLetters } from "./dead-letters/dead-letters.ts";
export type {
  BatchContext,
  BatchDelivery,
  BatchHandler,
  BatchOptions,
  BatchSubscribeOptions,
} from "./delivery/batch.ts";
export type { Handler, HandlerContext, SubscribeOptions } from "./delivery/handler.ts";
export { NonRetriableError, RetryAfterError } from "./delivery/handler-errors.ts";
export type { HandlerMiddleware, HandlerNext } from "./delivery/middleware.ts";
export type { Subscriber, SubscriberInfo } from "./delivery/subscriber.ts";
export type { ArchiveReplayProgress } from "./engine/archive.ts";
export type { DeadLetter, EndedDelivery, Failure, PendingDelivery } from "./engine/delivery.ts";
export type { Appended, Entry } from "./engine/event-log.ts";
export type {
  DeadLetterPage,
  DeadLetterQuery,
  HistoryPageOptions,
  HistoryQuery,
  Page,
  PageOptions,
  StatsQuery,
  StatsRow,
} from "./engine/queries.ts";
export type { SubscriptionState } from "./engine/subscription-store.ts";
export {
  BusError,
  type BusErrorCode,
  type BusErrorOptions,
  busErrorCodes,
  type EngineErrorCode,
  isBusErrorCode,
} from "./error/bus-error.ts";
export {
  type ByType,
  type Catalog,
  type CatalogOptions,
  createCatalog,
  type DataOfType,
  type DataSchema,
  type DeepReadonly,
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
  type OpenEvents,
  type PublishData,
  type TypeName,
} from "./event/index.ts";
export { type ExplainOptions, explainDelivery } from "./explain/explain-delivery.ts";
export type { DeliveryExplanation, DeliveryReason, DeliveryStatus } from "./explain/explanation.ts";
export type { LinkPath } from "./forward/event-path.ts";
export { type ForwardOptions, forward } from "./forward/forward.ts";
export type { EventMatcher, EventMatchers, EventOfMatcher, EventsOfMatchers } from "./history/event-matcher.ts";
export type { Flow, FlowNode } from "./history/flow.ts";
export type { History, TailOptions } from "./history/history.ts";
export type { Quantiles, Rates, SubscriptionRates } from "./history/rates.ts";
export type { SettledOptions } from "./history/settled.ts";
export type { WaitOptions } from "./history/wait-for.ts";
export type { Kind as MigrationKind, KindDigest as MigrationDigest } from "./migrate/digest.ts";
export { migrate } from "./migrate/migrate.ts";
export type { MigrateOptions, MigrationProgress, MigrationReport } from "./migrate/migration.ts";
export {
  compilePattern,
  compilePatterns,
  explainPattern,
  type Pattern,
  type PatternEdit,
  type PatternExplanation,
  type PatternMatcher,
  type PatternMismatch,
  type PatternNode,
  type PatternValue,
} from "./pattern/index.ts";
export { type CoalesceOptions, coalesce } from "./publish/coalesce.ts";
export type { Emit } from "./publish/emit.ts";
export { type LoopGuardOptions, loopGuard } from "./publish/loop-guard.ts";
export type { BusMiddleware, PublishMiddleware, PublishNext } from "./publish/middleware.ts";
export type {
  DeliveryTime,
  DraftOf,
  DraftPublishOptions,
  DraftsOf,
  PublishFields,
  PublishOptions,
  PublishResult,
  PublishResults,
} from "./publish/options.ts";
export { type RateLimit, rateLimit } from "./publish/rate-limit.ts";
export type { ReplayOptions, ReplayReport } from "./replay/replay.ts";
export type { ArchiveReplayOptions, ArchiveReplayReport, ArchiveSelection } from "./replay/replay-archive.ts";
export type { Clock, Timer } from "./runtime/clock.ts";
export { type FieldsFirstLogger, jsonLogger, type Logger, type LoggerLike, type LogLevel } from "./runtime/logger.ts";
export type { BusMetrics, Percentiles } from "./runtime/metrics.ts";
export {
  defineSubscription,
  type EventFor,
  type EventOf,
  type EventSelector,
  type KeyPath,
  type KeyPathOf,
  type SelectorIn,
  type Subscription,
  type SubscriptionRecord,
  type Where,
  type WhereEvent,
  type WhereFields,
  type WhereValue,
} from "./subscription/index.ts";
