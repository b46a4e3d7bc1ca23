import { realpathSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { Capability } from "../../engine/capabilities.ts";
import type { DeadLetterStore } from "../../engine/dead-letter-store.ts";
import type { DeliveryQueue } from "../../engine/delivery-queue.ts";
import type { DocumentStore } from "../../engine/document-store.ts";
import type { Engine, Unwatch } from "../../engine/engine.ts";
import type { EngineErasure } from "../../engine/erasure.ts";
import type { EventLog } from "../../engine/event-log.ts";
import type { SubscriptionStore } from "../../engine/subscription-store.ts";
import type { EngineTransfer } from "../../engine/transfer.ts";
import { toBusError } from "../../error/bus-error.ts";
import type { Timer } from "../../runtime/clock.ts";
import { type Components, createComponents } from "./components.ts";
import type { ProcessLock } from "./processes/process-lock.ts";
import type { EngineSettings } from "./settings.ts";

/** One machine, any number of processes on one file. */
export class EmbeddedEngine implements Engine {
  readonly name = "embedded";
  readonly store: string;
  readonly capabilities: ReadonlySet<Capability> = new Set<Capability>([
    "durable",
    "multi-process",
    "ordered-publish",
    "priority",
    "backpressure",
    "delay",
    "settled",
    "outcomes",
    "pause",
    "rates",
    "transfer",
    "erase",
  ]);
  readonly log: EventLog;
  readonly deliveries: DeliveryQueue;
  readonly subscriptions: SubscriptionStore;
  readonly deadLetters: DeadLetterStore;
  readonly documents: DocumentStore;
  readonly transfer: EngineTransfer;
  readonly erasure: EngineErasure;
  readonly #settings: EngineSettings;
  readonly #db: DatabaseSync;
  readonly #lock: ProcessLock;
  readonly #components: Components;
  #closing: Promise<void> | undefined;
  #drained = false;
  #released = false;
  /** Whether deliveries are left claimed, which whoever finds the lock free takes back. */
  #unwritten = false;

  constructor(db: DatabaseSync, lock: ProcessLock, processId: number, settings: EngineSettings) {
    // By whatever way the file was named: the connection has made it.
    this.store = `embedded:${realpathSync(settings.file)}`;
    this.#settings = settings;
    this.#db = db;
    this.#lock = lock;
    this.#components = createComponents(db, processId, settings, () => this.#committed());
    const { log, deliveries, subscriptions, deadLetters, documents, transfer, erasure } = this.#components.ports;
    this.log = log;
    this.deliveries = deliveries;
    this.subscriptions = subscriptions;
    this.deadLetters = deadLetters;
    this.documents = documents;
    this.transfer = transfer;
    this.erasure = erasure;
  }

  /** Takes back what processes that are gone held, and begins with what is done from time to time. */
  async start(): Promise<void> {
    const { cleaning, dueTimer, processes, queue, subscriptionCache, transact, now } = this.#components;
    await transact(() => queue.adjustForClockSkew(now()));
    await processes.start();
    subscriptionCache.refresh();
    dueTimer.refresh();
    cleaning.start();
  }

  watch(changed: () => void): Unwatch {
    return this.#components.signal.watch(changed);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { access, backfill, cleaning, dueTimer, filePoller, groups, processes, signal, writer } = this.#components;
    access.close();
    filePoller.stop();
    signal.clear();
    dueTimer.stop();
    await Promise.all([backfill.stop(), cleaning.stop(), processes.stop()]);
    await writer.idle();
    await this.#written();
    const unwritten = groups.abandon();
    this.#unwritten = unwritten !== undefined;
    this.#drained = true;
    await this.#release();
    if (unwritten !== undefined) throw unwritten;
  }

  /** Resolves once the ends of all attempts are written, or their time is up. */
  async #written(): Promise<void> {
    const { clock, closeWaitMs } = this.#settings;
    let timer: Timer;
    const late = new Promise<void>((resolve) => {
      timer = clock.setTimer(resolve, closeWaitMs, { keepAlive: true });
    });
    await Promise.race([this.#components.groups.drained(), late]);
    clock.clearTimer(timer);
  }

  /** After `close` the last delivery to end takes the rest down. */
  #committed(): void {
    if (this.#drained) this.#release().catch((thrown: unknown) => this.#settings.onError(toBusError(thrown)));
  }

  /** Lets go of the file and the lock once no delivery is held: until then the lock says that a handler still runs. */
  async #release(): Promise<void> {
    const { consumers, identity, processes, transact } = this.#components;
    if (consumers.outstanding > 0 || this.#released) return;
    this.#released = true;
    try {
      if (!this.#unwritten && identity.lost() === undefined) await transact(() => processes.unregister());
    } catch (thrown) {
      // The next process that checks will find the lock free, and do the same.
      this.#settings.onError(toBusError(thrown));
    }
    this.#db.close();
    this.#lock.release();
  }
}
