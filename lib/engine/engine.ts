import type { BusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { EventArchive } from "./archive.ts";
import type { Capability } from "./capabilities.ts";
import type { DeadLetterStore } from "./dead-letter-store.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import type { DocumentStore } from "./document-store.ts";
import type { EngineErasure } from "./erasure.ts";
import type { EventLog } from "./event-log.ts";
import type { SubscriptionStore } from "./subscription-store.ts";
import type { EngineTransfer } from "./transfer.ts";

/** Ends a watch; a second call does nothing. */
export type Unwatch = () => void;

/**
 * What carries a bus: four ports, a change signal and its end. It stores, routes, orders and claims. The bus owns all that
 * needs no more than these: running handlers, timeouts, backoff, replay, redrive, flows, waiting and tailing.
 */
export interface Engine {
  /** For messages and `metrics`. */
  readonly name: string;
  /**
   * Names the store, such as `embedded:/data/bus.db`, where several engines of a process may be on one: their buses share the
   * subscriptions in it. Absent: no other engine is on the same store.
   */
  readonly store?: string;
  /** What it can do; the contract suite asserts that this is the whole truth. */
  readonly capabilities: ReadonlySet<Capability>;
  /** The events, and the routing of new ones. */
  readonly log: EventLog;
  /** The deliveries on their way. */
  readonly deliveries: DeliveryQueue;
  /** The subscriptions and how they stand. */
  readonly subscriptions: SubscriptionStore;
  /** What failed for good. */
  readonly deadLetters: DeadLetterStore;
  /** Present where the engine can keep them: a server has webhooks then. */
  readonly documents?: DocumentStore;
  /** Present where the service keeps an archive of its own. */
  readonly archive?: EventArchive;
  /** Present where the engine has the capability `transfer`. */
  readonly transfer?: EngineTransfer;
  /** Present where the engine has the capability `erase`. */
  readonly erasure?: EngineErasure;
  /** Calls back soon after anything was accepted or settled, by any process; many changes may make one call. */
  watch(changed: () => void): Unwatch;
  /**
   * Flushes and lets go. The bus calls it once, after its consumers have stopped; what is still claimed stays so until its
   * handler has settled or the process ends.
   */
  close(): Promise<void>;
}

/** What an engine is given by the bus that opens it. */
export interface EngineContext {
  /** The event types of the bus. */
  readonly catalog: Catalog;
  /** The source of time and timers; use no other, so that tests can move it. */
  readonly clock: Clock;
  /** 0 up to 1. */
  readonly random: () => number;
  /** UUID v7, ordered. */
  readonly nextId: () => string;
  /** For what an operator should know; never the data of events. */
  readonly logger: Logger;
  /** Called for background errors, which no caller can see. */
  readonly onError: (error: BusError) => void;
}

/** Opens an engine: `connect({ engine: factory })`. */
export type EngineFactory = (context: EngineContext) => Engine | Promise<Engine>;
