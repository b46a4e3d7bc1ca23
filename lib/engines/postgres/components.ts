import { ChangeSignal } from "../../engine/change-signal.ts";
import { EndPositions } from "../../engine/end-positions.ts";
import { StoredErasure } from "../../history/erase.ts";
import { PublishQueue } from "../../publish/publish-queue.ts";
import { PostgresDeadLetters } from "./dead-letters/dead-letters.ts";
import { Consumers } from "./deliveries/consumers.ts";
import { PostgresDeliveries } from "./deliveries/deliveries.ts";
import { DueTimers } from "./deliveries/due-timers.ts";
import { Outcomes } from "./deliveries/outcomes.ts";
import { Pending } from "./deliveries/pending.ts";
import { WorkLoop } from "./deliveries/work-loop.ts";
import { PostgresDocuments } from "./documents/documents.ts";
import { ErasedRows } from "./history/erased-rows.ts";
import { HistoryReader } from "./history/history-reader.ts";
import { HorizonWatch } from "./history/horizon-watch.ts";
import { PostgresLog } from "./history/log.ts";
import { Maintenance } from "./history/maintenance.ts";
import { UnsettledEnd } from "./history/unsettled-end.ts";
import { type Beat, Heartbeat } from "./processes/heartbeat.ts";
import { Notifier, parseNotice } from "./processes/notifier.ts";
import { ProcessRegistry } from "./processes/process-registry.ts";
import { Session, type SessionClient } from "./processes/session.ts";
import { PublishLoop } from "./publishing/publish-loop.ts";
import type { EngineSettings } from "./settings.ts";
import type { Database } from "./storage/database.ts";
import { Filler } from "./subscriptions/filler.ts";
import { SubscriptionCache } from "./subscriptions/subscription-cache.ts";
import { PostgresSubscriptions } from "./subscriptions/subscriptions.ts";
import { PostgresTransfer } from "./transfer/transfer.ts";

/** Creates the components of an engine. `newClient` is absent where no notifications are to be taken. */
export function createComponents(
  database: Database,
  newClient: (() => SessionClient) | undefined,
  settings: EngineSettings,
  settled: () => void,
) {
  const { clock, leaseMs, maxPending, names, nextId, onError, random, retention } = settings;
  const { now } = clock;
  const processId = () => processes.id;
  const shared = { database, names, processId, now, nextId, leaseMs, onError };

  const subscriptionCache = new SubscriptionCache(names);
  const consumers = new Consumers(onError);
  const processes: ProcessRegistry = new ProcessRegistry({ ...shared, subscriptionCache, workLoop: () => workLoop });
  let others = 1;
  const notifier = new Notifier({ ...shared, wanted: () => others > 0 });
  const signal = new ChangeSignal({ onFirst: () => void heartbeat.now() });
  const look = (sub: number) => workLoop.look(sub);
  const dueTimers = new DueTimers(look);
  const expect = (due: Iterable<readonly [sub: number, inMs: number]>) => {
    for (const [sub, inMs] of due) dueTimers.expect(sub, inMs);
  };

  const workLoop: WorkLoop = new WorkLoop({
    ...shared,
    subscriptionCache,
    consumers,
    worked: ({ due, forOthers, settled: ended, touched }) => {
      expect(due);
      for (const sub of touched) filler.resume(sub);
      if (forOthers.length > 0 || ended) notifier.notify(forOthers);
      if (ended) signal.notify();
      settled();
    },
  });
  const unsettledEnd = new UnsettledEnd();
  const endPositions: EndPositions = new EndPositions(database.server, () => history.position("end"));
  const publishQueue = new PublishQueue(maxPending, () => publishLoop.schedule());
  const publishLoop: PublishLoop = new PublishLoop({
    ...shared,
    endPositions,
    publishQueue,
    subscriptionCache,
    consumers,
    appended: ({ due, queued }, group) => {
      for (const [id, position] of group) unsettledEnd.add(id, position);
      for (const sub of queued) look(sub);
      expect(due);
      notifier.notify(queued);
      signal.notify();
    },
    claimed: () => workLoop.claimed(),
    released: () => workLoop.schedule(),
    unclaim: (delivery) => workLoop.unclaim(delivery),
  });
  const horizonWatch = new HorizonWatch({ watched: () => signal.watched, again: () => signal.notify() });
  const history = new HistoryReader({
    ...shared,
    looked: (horizon, last) => {
      unsettledEnd.reached(horizon);
      horizonWatch.looked(horizon, last);
    },
  });
  const filler: Filler = new Filler({
    ...shared,
    subscriptionCache,
    filled: (sub) => {
      look(sub);
      notifier.notify([sub]);
      signal.notify();
    },
  });

  const refresh = async () => {
    await subscriptionCache.refresh(database);
    // Changed settings may let more run.
    for (const name of consumers.names()) {
      const sub = subscriptionCache.byName(name);
      if (sub !== undefined) look(sub.id);
    }
    signal.notify();
  };
  let last = 0;
  const found = async (beat: Beat) => {
    others = beat.others;
    if (!beat.known) {
      await processes.register();
      await processes.setSession(session?.connected === true);
      await session?.renew();
    }
    if (beat.epoch !== subscriptionCache.epoch) await refresh();
    for (const gone of beat.gone) await processes.takeOver(gone);
    for (const sub of beat.ready) look(sub);
    for (const sub of beat.filling) filler.drive(sub);
    expect(beat.due);
    if (beat.last !== last || session?.connected !== true) signal.notify();
    last = beat.last;
  };
  const heartbeat: Heartbeat = new Heartbeat({
    ...shared,
    hasSession: () => session?.connected === true,
    handled: () => [...consumers.names()].flatMap((name) => subscriptionCache.byName(name)?.id ?? []),
    watched: () => signal.watched,
    found,
  });
  const notified = (payload: string) => {
    const notice = parseNotice(payload);
    if (notice === undefined || notice.from === processId()) return;
    others = Math.max(1, others);
    if (notice.changed) refresh().catch(() => {});
    for (const sub of notice.ready) look(sub);
    signal.notify();
  };
  const session =
    newClient === undefined
      ? undefined
      : new Session({
          ...shared,
          newClient,
          notified,
          changed: (connected) => {
            if (connected) processes.setSession(true).catch(() => {});
            void heartbeat.now();
          },
        });

  const deadLetters = new PostgresDeadLetters(shared);
  const maintenance = new Maintenance({ ...shared, subscriptionCache, retention, random });
  const handles = (name: string) => consumers.has(name);
  const pending = new Pending({
    ...shared,
    handles,
    isPaused: (name) => subscriptionCache.byName(name)?.paused === true,
  });
  const log = new PostgresLog({
    ...shared,
    subscriptionCache,
    publishQueue,
    publishLoop,
    history,
    endPositions,
    unsettledEnd,
    countSoon: () => maintenance.runSoon(),
  });
  const transfer = new PostgresTransfer({ ...shared, subscriptionCache });
  return {
    ports: {
      log,
      deliveries: new PostgresDeliveries({
        ...shared,
        subscriptionCache,
        deadLetters,
        consumers,
        workLoop,
        pending,
        outcomes: new Outcomes(shared),
        heartbeat,
        notifier,
      }),
      subscriptions: new PostgresSubscriptions({
        ...shared,
        subscriptionCache,
        filler,
        notifier,
        handles,
        look,
        cleanSoon: () => maintenance.runSoon(),
      }),
      deadLetters,
      documents: new PostgresDocuments(shared),
      transfer,
      erasure: new StoredErasure({
        log,
        deadLetters,
        transfer,
        store: new ErasedRows({ database, names, deadLetters }),
      }),
    },
    consumers,
    dueTimers,
    filler,
    heartbeat,
    horizonWatch,
    maintenance,
    notifier,
    processes,
    publishLoop,
    session,
    signal,
    subscriptionCache,
    workLoop,
  };
}

export type Components = ReturnType<typeof createComponents>;
