// The public entry `wagglebus/engine`: the ports that an engine implements, and what the engines of this package are built
// from as well. See docs/reference/write-an-engine.md.
export { deadLetterFilter } from "./dead-letters/dead-letter-filter.ts";
export { deadLetterPage } from "./dead-letters/dead-letter-page.ts";
export {
  type DeadDelivery,
  type DeadLetterStamp,
  deadLetterOf,
  deadLetterOfUnpublished,
  overflowFailure,
  processEndedFailure,
  type UnpublishedStamp,
} from "./delivery/dead-letter.ts";
export { failureCounts } from "./delivery/failure-counts.ts";
export { DeliveryItem, type Requeued, type StoredDelivery } from "./delivery/local-queue/delivery-item.ts";
export type { LocalEnded } from "./delivery/local-queue/local-ended.ts";
export { LocalQueue } from "./delivery/local-queue/local-queue.ts";
export type { LocalQueueDependencies } from "./delivery/local-queue/local-queue-dependencies.ts";
export { LocalQueues, type LocalQueuesDependencies } from "./delivery/local-queue/local-queues.ts";
export type { LocalDeliveryStore, LocalStore } from "./delivery/local-queue/local-store.ts";
export { Scheduler } from "./delivery/local-queue/scheduler.ts";
export { Router } from "./delivery/router.ts";
export type { ArchiveReplayControl, ArchiveReplayProgress, ArchiveSpan, EventArchive } from "./engine/archive.ts";
export { type Capability, capabilities } from "./engine/capabilities.ts";
export { ChangeSignal, type ChangeSignalOptions } from "./engine/change-signal.ts";
export type { DeadLetterStore } from "./engine/dead-letter-store.ts";
export type {
  DeadLetter,
  Delivery,
  EndedDelivery,
  EndedSample,
  Failure,
  FailureCount,
  Outcome,
  PendingDelivery,
} from "./engine/delivery.ts";
export type { Consumer, Consumption, DeliveryQueue, EnqueueOptions } from "./engine/delivery-queue.ts";
export type { DocumentStore, NamedDocument } from "./engine/document-store.ts";
export type { Engine, EngineContext, EngineFactory, Unwatch } from "./engine/engine.ts";
export type {
  EngineErasure,
  ErasureCounts,
  ErasureRequest,
  ErasureSelection,
  ErasureStore,
} from "./engine/erasure.ts";
export {
  alreadyUnderWay,
  busClosed,
  idConflict,
  noDeadLetter,
  noRecordedEvent,
  noSubscription,
  unknownCursor,
} from "./engine/errors.ts";
export type {
  Appended,
  Entry,
  EventLog,
  LogEntry,
  LogPage,
  LogPageOptions,
  LogRead,
  LogSelection,
  Position,
  PositionOf,
  RecordedEvent,
  Takeover,
} from "./engine/event-log.ts";
export { type EventHead, selectionMatcher } from "./engine/log-selection.ts";
export { decodeCursor, encodeCursor, type FoundPage, type Order, takePage } from "./engine/page.ts";
export {
  type DeadLetterPage,
  type DeadLetterQuery,
  defaultPageSize,
  type HistoryPageOptions,
  type HistoryQuery,
  type PageOptions,
  type StatsQuery,
  type StatsRow,
} from "./engine/queries.ts";
export { sameContent } from "./engine/same-content.ts";
export type { PutResult, SubscriptionState, SubscriptionStore } from "./engine/subscription-store.ts";
export type { EngineTransfer, OpenDelivery, OpenDeliveryPage } from "./engine/transfer.ts";
export { readErrorCode } from "./error/bus-error.ts";
export { failureSchema } from "./error/failure.ts";
export { deliverAtMs } from "./event/deliver-at.ts";
export { StoredErasure, type StoredErasureDependencies } from "./history/erase.ts";
export { historyFilter } from "./history/history-filter.ts";
export { TypeCounts } from "./history/type-counts.ts";
export type { Clock, Timer } from "./runtime/clock.ts";
export type { Logger } from "./runtime/logger.ts";
export { queryTime } from "./runtime/query-time.ts";
export { changedSettings } from "./subscription/changed-settings.ts";
export { orderedKey, type SubscriptionRecord } from "./subscription/index.ts";
