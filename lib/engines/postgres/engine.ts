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
import type { SessionClient } from "./processes/session.ts";
import type { EngineSettings } from "./settings.ts";
import type { Database } from "./storage/database.ts";
import { text } from "./storage/rows.ts";

/** How an engine reaches its server. */
export interface Connections {
  readonly database: Database;
  /** Absent where no connection is to be had for one process alone. */
  readonly newClient: (() => SessionClient) | undefined;
  /** Lets go of what was opened for the engine. */
  end(): Promise<void>;
}

/** Any number of machines on one PostgreSQL database. */
export class PostgresEngine implements Engine {
  readonly name = "postgres";
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
  /** Known once it has started. */
  store?: string;
  readonly log: EventLog;
  readonly deliveries: DeliveryQueue;
  readonly subscriptions: SubscriptionStore;
  readonly deadLetters: DeadLetterStore;
  readonly documents: DocumentStore;
  readonly transfer: EngineTransfer;
  readonly erasure: EngineErasure;
  readonly #connections: Connections;
  readonly #settings: EngineSettings;
  readonly #components: Components;
  #closing: Promise<void> | undefined;
  #drained = false;
  #released = false;
  /** Whether deliveries are left claimed, which others take over once this process is gone. */
  #unwritten = false;

  constructor(connections: Connections, settings: EngineSettings) {
    this.#connections = connections;
    this.#settings = settings;
    this.#components = createComponents(connections.database, connections.newClient, settings, () => this.#settled());
    const { log, deliveries, subscriptions, deadLetters, documents, transfer, erasure } = this.#components.ports;
    this.log = log;
    this.deliveries = deliveries;
    this.subscriptions = subscriptions;
    this.deadLetters = deadLetters;
    this.documents = documents;
    this.transfer = transfer;
    this.erasure = erasure;
  }

  /** Lists this process, and begins with what is done from time to time. */
  async start(): Promise<void> {
    const { heartbeat, maintenance, notifier, processes, session, subscriptionCache } = this.#components;
    const { database } = this.#connections;
    const [meta] = await database.query(`SELECT bus FROM ${this.#settings.names.s}.meta`);
    this.store = `postgres:${text(meta?.bus)}`;
    await processes.register();
    await session?.start();
    await subscriptionCache.refresh(database);
    await notifier.tellChanged();
    await heartbeat.now();
    maintenance.start();
  }

  watch(changed: () => void): Unwatch {
    return this.#components.signal.watch(changed);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { dueTimers, filler, horizonWatch, maintenance, notifier, publishLoop, signal, workLoop } = this.#components;
    this.#connections.database.close();
    signal.clear();
    dueTimers.stop();
    horizonWatch.stop();
    await Promise.all([filler.stop(), maintenance.stop(), publishLoop.idle()]);
    await this.#written(workLoop.drained());
    const unwritten = workLoop.abandon();
    this.#unwritten = unwritten !== undefined;
    await notifier.flush();
    this.#drained = true;
    await this.#release();
    if (unwritten !== undefined) throw unwritten;
  }

  /** Resolves once the ends of all attempts are written, or their time is up. */
  async #written(drained: Promise<void>): Promise<void> {
    const { clock, closeWaitMs } = this.#settings;
    let timer: Timer;
    const late = new Promise<void>((resolve) => {
      timer = clock.setTimer(resolve, closeWaitMs, { keepAlive: true });
    });
    await Promise.race([drained, late]);
    clock.clearTimer(timer);
  }

  /** After `close` the last delivery to end takes the rest down. */
  #settled(): void {
    if (this.#drained) this.#release().catch((thrown: unknown) => this.#settings.onError(toBusError(thrown)));
  }

  /** Lets go of the server once no delivery is held: until then the lock says that a handler still runs. */
  async #release(): Promise<void> {
    const { consumers, heartbeat, processes, session } = this.#components;
    if (consumers.outstanding > 0 || this.#released) return;
    this.#released = true;
    await heartbeat.stop();
    try {
      if (!this.#unwritten) await processes.unregister();
    } catch (thrown) {
      // Others will find that it is gone, and do the same.
      this.#settings.onError(toBusError(thrown));
    }
    await session?.stop();
    await this.#connections.end();
  }
}
