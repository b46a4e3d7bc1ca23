import type { DatabaseSync } from "node:sqlite";
import { type BusError, toBusError } from "../../error/bus-error.ts";
import type { Clock } from "../../runtime/clock.ts";
import { DeadLetterTable } from "./dead-letters/dead-letter-table.ts";
import { Claims } from "./deliveries/claims.ts";
import { ConsumerSlots } from "./deliveries/consumer-slots.ts";
import { DeliveryTable } from "./deliveries/delivery-table.ts";
import { DueTimer } from "./deliveries/due-timer.ts";
import { DeliveryEnqueuer } from "./deliveries/enqueue.ts";
import { FairShare } from "./deliveries/fair-share.ts";
import { Pending } from "./deliveries/pending.ts";
import { Replays } from "./deliveries/replays.ts";
import { Settlements } from "./deliveries/settlements.ts";
import { History } from "./history/history-reader.ts";
import { Retention } from "./history/retention.ts";
import { Stats } from "./history/stats.ts";
import { FileChanges } from "./processes/file-changes.ts";
import { ProcessRegistry } from "./processes/process-registry.ts";
import { Events } from "./publishing/event-table.ts";
import { insertEvent } from "./publishing/insert-event.ts";
import { PublishQueue } from "./publishing/publish-queue.ts";
import { Writer } from "./storage/writer.ts";
import { Backfill } from "./subscriptions/backfill.ts";
import { SubscriptionCache } from "./subscriptions/subscription-cache.ts";
import { SubscriptionStates } from "./subscriptions/subscription-state.ts";
import { SubscriptionTable } from "./subscriptions/subscription-table.ts";

/** The engine's options with every default filled in; times in milliseconds. */
export interface EngineSettings {
  readonly file: string;
  readonly clock: Clock;
  readonly nextId: () => string;
  readonly random: () => number;
  readonly retention: number;
  readonly maxPending: number;
  readonly pollMs: number;
  readonly processCheckMs: number;
  readonly lockWaitMs: number;
  onError(error: BusError): void;
}

/** Puts the parts of an engine together. `owner` is this process, as rows name it. */
export function createComponents(db: DatabaseSync, owner: number, settings: EngineSettings, onCommit: () => void) {
  const { clock, file, maxPending, nextId, onError, lockWaitMs, pollMs, random, retention } = settings;
  const schedule = () => writer.schedule();
  const transact = <Result>(act: () => Result) => writer.run(act);
  const now = () => due.now();

  const subscriptionCache = new SubscriptionCache(db);
  const queue = new DeliveryTable(db, subscriptionCache);
  const events = new Events(db, subscriptionCache);
  const deadLetters = new DeadLetterTable(db, nextId, onError);
  const replays = new Replays(db);
  const subscriptions = new SubscriptionTable(db, subscriptionCache);
  const consumers = new ConsumerSlots(schedule);
  const history = new History(db, onError);
  const enqueuer = new DeliveryEnqueuer(subscriptionCache, queue, consumers, deadLetters, owner);
  const fairShare = new FairShare(db, { subscriptionCache, consumers, owner });
  const claims = new Claims(db, {
    subscriptionCache,
    queue,
    events,
    consumers,
    deadLetters,
    replays,
    fairShare,
    owner,
    onError,
  });
  const settlements = new Settlements({ subscriptionCache, queue, events, deadLetters, owner });
  const due = new DueTimer({ clock, queue, transact });
  const processes = new ProcessRegistry(db, {
    file,
    owner,
    subscriptionCache,
    queue,
    events,
    deadLetters,
    subscriptions,
    replays,
    fairShare,
    now,
    transact,
  });
  const backfill = new Backfill(db, { subscriptionCache, enqueuer, subscriptions, transact, onError });
  const cleaning = new Retention(db, {
    subscriptionCache,
    events,
    deadLetters,
    subscriptions,
    retention,
    busy: () => publishQueue.busy,
    now,
    transact,
  });
  const pending = new Pending(db, subscriptionCache, history, subscriptions);
  const stats = new Stats(db, history);
  const states = new SubscriptionStates(db, deadLetters);
  const fileChanges = new FileChanges(db, {
    pollMs,
    wanted: () => !consumers.empty,
    onLook: () => {
      due.now();
      if (fairShare.look()) schedule();
    },
    onForeign: () => {
      subscriptionCache.refresh();
      followUp();
      schedule();
    },
  });

  /** What another process, or a new subscription, may have left to do for the consumers of this one. */
  const followUp = () => {
    if (consumers.empty) return;
    due.look();
    backfill.drive(consumers.names());
    backfill.resume();
  };

  const acceptHost = { subscriptionCache, events, enqueuer, retention };
  const publishQueue: PublishQueue = new PublishQueue({
    maxPending,
    now,
    insertEvent: (publish, at) => insertEvent(acceptHost, publish, at),
    settle: (delivery, outcome, at) => {
      settlements.apply(delivery, outcome, at);
      if (outcome.kind === "retry") due.expect(at + outcome.afterMs);
    },
    claim: (limit, at) => claims.take(limit, at),
    wantsClaims: () => claims.wanted(),
    schedule,
    onError,
  });

  /** What the transaction claimed goes to the consumers. */
  const dispatchClaimed = () => {
    const handed = consumers.take();
    for (const { delivery } of handed) publishQueue.hold(delivery);
    for (const { slot, delivery } of handed) {
      try {
        slot.consumer.deliver(delivery);
      } catch (thrown) {
        // It promised not to; its delivery stays claimed, and those of the others go on.
        onError(toBusError(thrown));
      }
    }
  };

  const writer: Writer = new Writer({
    db,
    file,
    subscriptionCache,
    events,
    random,
    lockWaitMs,
    nextGroup: () => publishQueue.nextGroup(),
    onStalled: (error) => publishQueue.rejectAll(error),
    dispatchClaimed,
    onCommit: () => {
      fileChanges.notify();
      backfill.resume();
      onCommit();
    },
    onRollback: () => {
      consumers.take();
    },
  });

  return {
    subscriptionCache,
    queue,
    events,
    deadLetters,
    replays,
    subscriptions,
    consumers,
    history,
    enqueuer,
    due,
    processes,
    backfill,
    cleaning,
    pending,
    stats,
    states,
    fileChanges,
    publishQueue,
    writer,
    now,
    transact,
    followUp,
  };
}

export type Components = ReturnType<typeof createComponents>;
