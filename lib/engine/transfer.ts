import type { Event } from "../event/event.ts";
import type { Failure } from "./delivery.ts";
import type { RecordedEvent } from "./event-log.ts";

/** A delivery that has not ended, as one engine hands it to another. */
export interface OpenDelivery {
  /** The name of the subscription that it goes to. */
  readonly subscription: string;
  /** As it was published, without the mark of the replay that the delivery belongs to. */
  readonly event: Event;
  /** Whether history has the event. */
  readonly history: boolean;
  /** Milliseconds since 1970 at which the bus accepted the event. */
  readonly acceptedAt: number;
  /** Milliseconds since 1970 at which a replay or a redrive was queued; absent for the event's own delivery. */
  readonly queuedAt?: number;
  /** Milliseconds since 1970 before which it is not attempted again; absent where it may be at once. */
  readonly dueAt?: number;
  /** Attempts made. */
  readonly attempts: number;
  /** The attempts that failed, oldest first. */
  readonly failures: readonly Failure[];
  /** Whether it was redriven from the dead letters. */
  readonly redriven: boolean;
  /** The replay that it belongs to. */
  readonly replayId?: string;
}

/** Deliveries that have not ended, and where the next page begins; no cursor means the end. */
export interface OpenDeliveryPage {
  /** In the order in which their events were accepted. */
  readonly deliveries: readonly OpenDelivery[];
  /** Opaque; valid while nothing is delivered. */
  readonly cursor?: string;
}

/**
 * How the contents of a store move to another engine and come from one, as they stand: present where the engine has the capability
 * `transfer`. Only while no other process uses the store. Methods reject with BusError only.
 */
export interface EngineTransfer {
  /** The number of other processes that use the store now. */
  others(): Promise<number>;
  /** What the named subscriptions have not delivered yet, at most `limit` on a page. */
  openDeliveries(limit: number, cursor?: string): Promise<OpenDeliveryPage>;
  /**
   * Keeps events in history, in this order, behind what is there, as accepted at the times that they have. Nothing is routed or
   * delivered. One whose id is there already is left as it is. All or nothing; kept for good when it resolves.
   */
  addEvents(events: readonly RecordedEvent[]): Promise<void>;
  /**
   * Queues deliveries with the attempts made so far, whatever the bound of a backlog. One that is queued already is left as it
   * is. All or nothing. `not_found` where there is no such subscription.
   */
  addDeliveries(deliveries: readonly OpenDelivery[]): Promise<void>;
}
