import type { DatabaseSync } from "node:sqlite";
import type { DeadLetter, Delivery, Failure, Outcome, PendingDelivery } from "../../engine/delivery.ts";
import type { Consumer } from "../../engine/delivery-queue.ts";
import type { Accepted, Attachment, Engine, Feature, Recorded, ReplayStep } from "../../engine/engine.ts";
import { busClosed } from "../../engine/errors.ts";
import type { Entry, Position } from "../../engine/event-log.ts";
import type {
  DeadLetterPage,
  DeadLetterQuery,
  HistoryQuery,
  Page,
  PageOptions,
  StatsQuery,
  StatsRow,
} from "../../engine/queries.ts";
import type { SubscriptionState } from "../../engine/subscription-store.ts";
import { toBusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import type { Timer } from "../../runtime/clock.ts";
import { queryTime } from "../../runtime/query-time.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { type Components, createComponents, type EngineSettings } from "./components.ts";
import { ClaimedDelivery } from "./deliveries/claimed-delivery.ts";
import { redrive } from "./deliveries/redrive.ts";
import { replayStep } from "./deliveries/replay-step.ts";
import type { ProcessLock } from "./processes/process-lock.ts";
import { whenFree } from "./storage/connection.ts";
import { storeError } from "./storage/sqlite-error.ts";
import type { Start } from "./subscriptions/subscription-table.ts";

/** Milliseconds between two runs of the retention. */
const retentionEveryMs = 60_000;

/** One machine, any number of processes on one file. */
export class EmbeddedEngine implements Engine {
  readonly name = "embedded";
  readonly lacks: ReadonlySet<Feature> = new Set<Feature>();
  readonly #settings: EngineSettings;
  readonly #db: DatabaseSync;
  readonly #lock: ProcessLock;
  readonly #owner: number;
  readonly #components: Components;
  #ownerTimer: NodeJS.Timeout | undefined;
  #retentionTimer: Timer;
  #closing: Promise<void> | undefined;
  #drained = false;
  #gone = false;

  constructor(db: DatabaseSync, lock: ProcessLock, owner: number, settings: EngineSettings) {
    this.#settings = settings;
    this.#db = db;
    this.#lock = lock;
    this.#owner = owner;
    this.#components = createComponents(db, owner, settings, () => {
      // After `close` the last delivery to end takes the rest down.
      if (this.#drained) this.#inBackground(this.#letGo());
    });
  }

  /** Takes back what processes that are gone held, and begins with what is done from time to time. */
  async start(): Promise<void> {
    const { due, processes, queue, subscriptionCache, transact, now } = this.#components;
    await transact(() => queue.adjustForClockSkew(now()));
    processes.sweep();
    await processes.look({ all: true });
    subscriptionCache.refresh();
    due.look();
    this.#ownerTimer = setInterval(() => this.#inBackground(processes.look()), this.#settings.processCheckMs).unref();
    this.#clean();
  }

  publish(entry: Entry): Promise<Accepted> {
    if (this.#closing !== undefined) return Promise.reject(busClosed());
    return this.#components.publishQueue.publish(entry);
  }

  async putSubscription(
    record: SubscriptionRecord,
    options: { ephemeral: boolean },
  ): Promise<{ created: boolean; changed: readonly string[] }> {
    this.#open();
    const { backfill, followUp, subscriptionCache, subscriptions, transact, writer } = this.#components;
    const result = await transact(() => {
      const known = subscriptionCache.byName(record.name);
      if (known !== undefined) return { created: false, changed: subscriptions.change(known, record) };
      subscriptions.create(record, options.ephemeral ? this.#owner : undefined, this.#startOf(record));
      return { created: true, changed: [] };
    });
    const sub = subscriptionCache.byName(record.name);
    if (sub?.filling === true) this.#inBackground(backfill.fill(sub));
    followUp();
    writer.schedule();
    return result;
  }

  async listSubscriptions(): Promise<SubscriptionState[]> {
    return this.#snapshot(() => {
      const { now, subscriptionCache, states } = this.#components;
      return [...subscriptionCache.all()].map((sub) => states.of(sub, now()));
    });
  }

  async getSubscription(name: string): Promise<SubscriptionState | undefined> {
    return this.#snapshot(() => {
      const { now, subscriptionCache, states } = this.#components;
      const sub = subscriptionCache.byName(name);
      return sub === undefined ? undefined : states.of(sub, now());
    });
  }

  async deleteSubscription(name: string): Promise<boolean> {
    this.#open();
    const { cleaning, subscriptionCache, subscriptions, transact } = this.#components;
    const deleted = await transact(() => {
      const sub = subscriptionCache.byName(name);
      if (sub !== undefined) subscriptions.delete(sub);
      return sub !== undefined;
    });
    if (deleted) this.#inBackground(cleaning.run());
    return deleted;
  }

  attach(subscription: string, consumer: Consumer): Attachment {
    const { consumers, followUp, fileChanges, writer } = this.#components;
    const attachment = consumers.attach(subscription, consumer);
    fileChanges.watch();
    followUp();
    writer.schedule();
    return attachment;
  }

  settings(subscription: string): SubscriptionRecord | undefined {
    return this.#components.subscriptionCache.byName(subscription)?.record;
  }

  settle(delivery: Delivery, outcome: Outcome): void | Promise<void> {
    if (!(delivery instanceof ClaimedDelivery)) return;
    return this.#components.publishQueue.settle(delivery, outcome);
  }

  async get(id: string): Promise<Event | undefined> {
    return this.#read(() => this.#components.history.get(id));
  }

  async query(query: HistoryQuery, page: PageOptions): Promise<Page> {
    return this.#reading(() => this.#components.history.query(query, page));
  }

  async flowEvents(correlationId: string): Promise<Event[]> {
    return this.#read(() => this.#components.history.flow(correlationId).map(({ event }) => event));
  }

  async pending(correlationId: string): Promise<PendingDelivery[]> {
    return this.#snapshot(() => this.#components.pending.ofFlow(correlationId));
  }

  async stats(query: StatsQuery): Promise<StatsRow[]> {
    return this.#reading(() => this.#components.stats.count(query));
  }

  async position(of: "end" | { eventId: string } | { time: number }): Promise<Position> {
    const { history } = this.#components;
    return this.#read(() => {
      if (of === "end") return history.end();
      return "time" in of ? history.positionBefore(of.time) : history.positionOf(of.eventId);
    });
  }

  async readAfter(position: Position, limit: number): Promise<{ events: Recorded[]; position: Position }> {
    return this.#read(() => this.#components.history.after(Number(position), limit));
  }

  onChange(listener: () => void): () => void {
    return this.#components.fileChanges.listen(listener);
  }

  async replayStep(
    replayId: string,
    query: HistoryQuery,
    to: readonly string[],
    options: { dryRun: boolean; cursor?: string },
  ): Promise<ReplayStep> {
    return this.#reading(() => replayStep(this.#components, replayId, query, to, options));
  }

  async addDeadLetter(event: Event, reason: Failure): Promise<DeadLetter> {
    this.#open();
    const { deadLetters, now, transact } = this.#components;
    return transact(() =>
      deadLetters.insert({
        subscription: undefined,
        replay: 0,
        event,
        reason,
        attempts: 0,
        failures: [reason],
        acceptedAt: queryTime(reason.at, "at") ?? now(),
        diedAt: now(),
      }),
    );
  }

  async listDeadLetters(query: DeadLetterQuery, page: PageOptions): Promise<DeadLetterPage> {
    return this.#read(() => this.#components.deadLetters.list(query, page));
  }

  async getDeadLetter(id: string): Promise<DeadLetter | undefined> {
    return this.#read(() => this.#components.deadLetters.get(id));
  }

  async redriveDeadLetter(id: string): Promise<void> {
    this.#open();
    await this.#components.transact(() => redrive(this.#components, id));
  }

  async discardDeadLetter(id: string): Promise<boolean> {
    this.#open();
    return this.#components.transact(() => this.#components.deadLetters.delete(id));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { backfill, cleaning, due, fileChanges, processes, writer } = this.#components;
    clearInterval(this.#ownerTimer);
    this.#settings.clock.clearTimer(this.#retentionTimer);
    fileChanges.stop();
    due.stop();
    await Promise.all([backfill.stop(), cleaning.stop(), processes.stop()]);
    await writer.idle();
    this.#drained = true;
    await this.#letGo();
  }

  /** Lets go of the file and the lock once no delivery is held: until then the lock says that a handler still runs. */
  async #letGo(): Promise<void> {
    const { publishQueue, processes, transact } = this.#components;
    if (publishQueue.outstanding > 0 || this.#gone) return;
    this.#gone = true;
    try {
      await transact(() => processes.unregister());
    } catch (thrown) {
      // The next process that looks will find the lock free, and do the same.
      this.#settings.onError(toBusError(thrown));
    }
    this.#db.close();
    this.#lock.release();
  }

  /** The last event that a new subscription does not get; undefined where it starts now. */
  #startOf(record: SubscriptionRecord): Start | undefined {
    const { history, subscriptionCache } = this.#components;
    if (record.from === "now") return undefined;
    const after = record.from === "beginning" ? 0 : history.positionBefore(queryTime(record.from, "from") ?? 0);
    return after >= subscriptionCache.lastSeq ? undefined : { after };
  }

  #clean(): void {
    const { clock } = this.#settings;
    this.#inBackground(this.#components.cleaning.run());
    if (this.#closing !== undefined) return;
    this.#retentionTimer = clock.setTimer(() => this.#clean(), retentionEveryMs);
  }

  #inBackground(work: Promise<void>): void {
    work.catch((thrown: unknown) => this.#settings.onError(toBusError(thrown)));
  }

  #open(): void {
    if (this.#closing !== undefined) throw busClosed();
  }

  #read<Result>(act: () => Result): Promise<Result> {
    this.#open();
    return whenFree(this.#settings, act);
  }

  /** Reads all of it as of one moment, with what other processes have changed. */
  #snapshot<Result>(act: () => Result): Promise<Result> {
    return this.#read(() => {
      this.#db.exec("BEGIN");
      try {
        this.#components.subscriptionCache.refresh();
        return act();
      } finally {
        this.#db.exec("ROLLBACK");
      }
    });
  }

  /** Reads in several turns of the event loop. */
  async #reading<Result>(read: () => Promise<Result>): Promise<Result> {
    this.#open();
    try {
      return await read();
    } catch (thrown) {
      throw this.#closing === undefined ? storeError(this.#settings.file, thrown) : busClosed();
    }
  }
}
