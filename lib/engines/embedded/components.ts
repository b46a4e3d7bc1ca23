import type { DatabaseSync } from "node:sqlite";
import { ChangeSignal } from "../../engine/change-signal.ts";
import { type BusError, toBusError } from "../../error/bus-error.ts";
import { StoredErasure } from "../../history/erase.ts";
import { PublishQueue } from "../../publish/publish-queue.ts";
import { DeadLetterTable } from "./dead-letters/dead-letter-table.ts";
import { EmbeddedDeadLetters } from "./dead-letters/dead-letters.ts";
import { Claims } from "./deliveries/claims.ts";
import { ConsumerSlots } from "./deliveries/consumer-slots.ts";
import { EmbeddedDeliveries } from "./deliveries/deliveries.ts";
import { DeliveryTable } from "./deliveries/delivery-table.ts";
import { DueTimer } from "./deliveries/due-timer.ts";
import { DeliveryEnqueuer } from "./deliveries/enqueue.ts";
import { FairShare } from "./deliveries/fair-share.ts";
import { OutcomeTable } from "./deliveries/outcome-table.ts";
import { Pending } from "./deliveries/pending.ts";
import { Reordering } from "./deliveries/reordering.ts";
import { Replays } from "./deliveries/replays.ts";
import { SettlementQueue } from "./deliveries/settlement-queue.ts";
import { Settlements } from "./deliveries/settlements.ts";
import { EmbeddedDocuments } from "./documents/documents.ts";
import { BlockCleaner } from "./history/block-cleaner.ts";
import { ErasedRows } from "./history/erased-rows.ts";
import { HistoryReader } from "./history/history-reader.ts";
import { EmbeddedLog } from "./history/log.ts";
import { Retention } from "./history/retention.ts";
import { Stats } from "./history/stats.ts";
import { FilePoller } from "./processes/file-poller.ts";
import { ProcessRegistry } from "./processes/process-registry.ts";
import { EventTable } from "./publishing/event-table.ts";
import { Feeds } from "./publishing/feeds.ts";
import { TakeoverQueue } from "./publishing/takeover-queue.ts";
import { WriteGroups } from "./publishing/write-group.ts";
import type { EngineSettings } from "./settings.ts";
import { FileAccess } from "./storage/file-access.ts";
import { FileIdentity } from "./storage/file-identity.ts";
import { WriteAheadLog } from "./storage/write-ahead-log.ts";
import { Writer } from "./storage/writer.ts";
import { Backfill } from "./subscriptions/backfill.ts";
import { PendingDeletions } from "./subscriptions/pending-deletions.ts";
import { SubscriptionCache } from "./subscriptions/subscription-cache.ts";
import { SubscriptionStates } from "./subscriptions/subscription-state.ts";
import { SubscriptionTable } from "./subscriptions/subscription-table.ts";
import { EmbeddedSubscriptions } from "./subscriptions/subscriptions.ts";
import { EmbeddedTransfer } from "./transfer/transfer.ts";

/** Creates the components of an engine. `processId` is this process, as rows name it; `committed` follows each commit. */
export function createComponents(db: DatabaseSync, processId: number, settings: EngineSettings, committed: () => void) {
  const { clock, file, logger, logLimit, maxPending, nextId, pollMs, retention } = settings;
  const identity = new FileIdentity(file);
  const onError = (error: BusError) => {
    if (!identity.isKnown(error)) settings.onError(error);
  };
  const now = () => dueTimer.now();
  const delayedUntil = (due: number) => dueTimer.expect(due);
  const schedule = () => writer.schedule();
  const transact = <Result>(act: () => Result) => writer.run(act);
  const inBackground = (work: Promise<void>) => {
    work.catch((thrown: unknown) => onError(toBusError(thrown)));
  };

  const subscriptionCache = new SubscriptionCache(db);
  const queue = new DeliveryTable(db, subscriptionCache, delayedUntil);
  const events = new EventTable(db, subscriptionCache);
  const replays = new Replays(db);
  const deadLetters = new DeadLetterTable(db, { nextId, replays, onError });
  const reordering = new Reordering(db, { subscriptionCache, now, delayedUntil });
  const subscriptions = new SubscriptionTable(db, subscriptionCache, reordering);
  const history = new HistoryReader(db, onError);
  const outcomes = new OutcomeTable(db, replays, onError);
  const tables = { subscriptionCache, queue, events, replays, deadLetters, subscriptions, history, outcomes };

  const consumers = new ConsumerSlots(onError);
  const enqueuer = new DeliveryEnqueuer({ ...tables, consumers, processId, now });
  const fairShare = new FairShare(db, { subscriptionCache, consumers, processId });
  const feeds = new Feeds(db, { ...tables, enqueuer, retention });
  const claims = new Claims(db, { ...tables, consumers, enqueuer, fairShare, processId, onError });
  const dueTimer: DueTimer = new DueTimer({ clock, queue, transact });
  const settlements = new Settlements({ ...tables, processId });
  const backfill = new Backfill(db, { ...tables, enqueuer, transact, onError });

  const publishQueue = new PublishQueue(maxPending, schedule);
  const settlementQueue = new SettlementQueue({
    schedule,
    now: clock.now,
    settled: (count) => consumers.settled(count),
  });
  const takeoverQueue = new TakeoverQueue(schedule);
  const queues = { publishQueue, settlementQueue, takeoverQueue };
  const groups = new WriteGroups({
    ...tables,
    ...queues,
    file,
    feeds,
    settlements,
    claims,
    enqueuer,
    retention,
    now,
    schedule,
    onError,
  });
  const signal = new ChangeSignal({ onFirst: () => filePoller.start() });
  let externalChanges = 0;
  const writer: Writer = new Writer({
    ...settings,
    db,
    nextGroup: () => groups.next(),
    begun: () => {
      const lost = identity.lost();
      if (lost !== undefined) throw lost;
      subscriptionCache.refresh();
      if (subscriptionCache.externalChanges === externalChanges) return;
      externalChanges = subscriptionCache.externalChanges;
      events.forgetWritten();
      outcomes.forgetTail();
    },
    ending: () => {
      subscriptionCache.write({ stats: events.write(), outcomes: outcomes.write() });
    },
    committed: () => consumers.dispatchClaimed(),
    notified: () => {
      signal.notify();
      backfill.resume();
      committed();
    },
    rolledBack: () => {
      consumers.rolledBack();
      events.forget();
      outcomes.forget();
      subscriptionCache.forget();
    },
    stalled: (error) => groups.rejectPublishes(error),
  });

  /** Goes on with what another process, or a new subscription, may have left to do for the consumers of this one. */
  const catchUp = () => {
    if (consumers.empty) return;
    dueTimer.refresh();
    backfill.drive(consumers.names());
    backfill.resume();
  };
  const filePoller: FilePoller = new FilePoller(db, {
    pollMs,
    wanted: () => signal.watched || !consumers.empty,
    polled: () => {
      // Notices a clock that was set back.
      dueTimer.now();
      if (fairShare.poll()) schedule();
    },
    changed: () => {
      subscriptionCache.refresh();
      catchUp();
      schedule();
      signal.notify();
    },
  });
  const cleaning = new Retention(db, {
    clock,
    blockCleaner: new BlockCleaner(db, { ...tables, now }),
    pendingDeletions: new PendingDeletions(db, events),
    retention,
    busy: () => publishQueue.size + settlementQueue.size + takeoverQueue.size > 0,
    now,
    transact,
    inBackground,
  });

  const writeAheadLog = new WriteAheadLog(db, { file, logger, limit: logLimit });
  const processes = new ProcessRegistry(db, {
    ...tables,
    file,
    identity,
    writeAheadLog,
    processId,
    fairShare,
    checkMs: settings.processCheckMs,
    now,
    transact,
    inBackground,
  });
  const access = new FileAccess({ db, lockWait: settings, refresh: () => subscriptionCache.refresh(), transact });
  const pending = new Pending(db, { subscriptionCache, history, subscriptions, consumers, processId });
  const states = new SubscriptionStates(db, deadLetters, { consumers, processId });
  const shared = { ...tables, access, backfill, cleaning, states, now, schedule, catchUp, processId, inBackground };
  const log = new EmbeddedLog({ access, publishQueue, takeoverQueue, feeds, history, stats: new Stats(db, history) });
  const deadLetterStore = new EmbeddedDeadLetters(access, deadLetters);
  const transfer = new EmbeddedTransfer(db, shared);
  const erasing = new ErasedRows(db, { ...tables, access, writeAheadLog });
  return {
    ports: {
      log,
      deliveries: new EmbeddedDeliveries({ ...shared, enqueuer, consumers, settlementQueue, pending, filePoller }),
      subscriptions: new EmbeddedSubscriptions(shared),
      deadLetters: deadLetterStore,
      documents: new EmbeddedDocuments(db, access),
      transfer,
      erasure: new StoredErasure({ log, deadLetters: deadLetterStore, transfer, store: erasing }),
    },
    access,
    backfill,
    cleaning,
    consumers,
    dueTimer,
    filePoller,
    groups,
    identity,
    processes,
    queue,
    signal,
    subscriptionCache,
    transact,
    writer,
    now,
  };
}

export type Components = ReturnType<typeof createComponents>;
