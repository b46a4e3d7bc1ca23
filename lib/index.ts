export type {
  Bus,
  DeadLetters,
  Emit,
  EventOfWant,
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
  Want,
} from "./bus/bus.ts";
export type { Clock, Timer } from "./bus/clock.ts";
export type { DeadLetter, Failure, PendingDelivery } from "./bus/delivery.ts";
export type { SubscriptionState } from "./bus/engine.ts";
export { NonRetriableError, RetryAfterError } from "./bus/handler-errors.ts";
export { jsonLogger, type Logger, type LogLevel } from "./bus/logger.ts";
export type { BusMetrics, Percentiles } from "./bus/metrics.ts";
export type {
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
  ReplaySelection,
  StatsQuery,
  StatsRow,
} from "./bus/queries.ts";
export type { Register, RegisteredEvents } from "./bus/register.ts";
export { type ConnectOptions, connect, defineConfig, getBus, initBus, type RateLimitOptions } from "./connect/index.ts";
export { BusError, type BusErrorCode, type BusErrorOptions, busErrorCodes } from "./error/bus-error.ts";
