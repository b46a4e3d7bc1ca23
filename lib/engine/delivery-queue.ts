import type { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import type { Delivery, EndedDelivery, EndedSample, Outcome, PendingDelivery } from "./delivery.ts";

/** The part of a bus that runs deliveries; a queue hands it what it claimed. No method throws or waits. */
export interface Consumer {
  /** Deliveries that it can take now: 0 while paused or full. */
  capacity(): number;
  /** Takes one delivery, claimed for this process. */
  deliver(delivery: Delivery): void;
  /** Counts one that was discarded before it could be handed over, as its event had expired. */
  expired(): void;
  /**
   * The end of an attempt could not be recorded, and its delivery runs again. For a consumer that has this, `settle` need not
   * give a promise for each delivery, which costs more than the rest of it; one without it learns this from the promise.
   */
  unrecorded?(error: BusError): void;
}

/** A consumer's hold on its queue. */
export interface Consumption {
  /** The subscription's settings as this process last saw them; `undefined` once it is deleted. */
  readonly settings: SubscriptionRecord | undefined;
  /** The consumer's capacity has changed: there is some again, or none any more. */
  wake(): void;
  /** Nothing more is handed over; what was, is still settled. */
  stop(): void;
}

/** Why events are queued again. Exactly one is given. */
export interface EnqueueOptions {
  /** A replay: the deliveries are new ones under this id, and the events carry it as their mark. */
  readonly replayId?: string;
  /** A redrive: the delivery that became this dead letter begins anew, attempts included. */
  readonly redrivenFrom?: string;
}

/**
 * The deliveries of all subscriptions. A delivery is handed to one consumer at a time, and again only after `settle`, or
 * after the process that claimed it has ended; an event succeeds once in a subscription. Urgent deliveries come first, then
 * the oldest; with `ordered`, one at a time for each key in order of acceptance. `concurrency` bounds what is claimed at
 * once over all consumers of a subscription that the engine sees. Methods reject with BusError only.
 */
export interface DeliveryQueue {
  /** Hands deliveries of one subscription to a consumer from now on; changed settings are seen by themselves. */
  consume(subscription: string, consumer: Consumer): Consumption;
  /**
   * Records how an attempt ended, a dead letter included; resolves once that is kept, where it gives a promise: it need not to a
   * consumer that has `unrecorded`. A second call does nothing. `startedAt` is when the handler began, in milliseconds since
   * 1970; absent where it did not run. `endedAt` is when it ended; now where absent.
   */
  settle(delivery: Delivery, outcome: Outcome, startedAt?: number, endedAt?: number): void | Promise<void>;
  /**
   * Queues past events for one subscription, in the order given; what exceeds its `maxBacklog` becomes dead letters, a
   * redrive excepted. A redriven delivery belongs to the replay that its dead letter names. The same redrive again, also at
   * once, queues nothing: where the store allows it, the dead letter goes in the same step. `not_found` where there is no
   * such subscription, or where the redriven dead letter is gone; `conflict` where a redriven event is on its way already.
   */
  enqueue(subscription: string, events: readonly Event[], options: EnqueueOptions): Promise<void>;
  /**
   * The flow's deliveries that are under way. Present where the engine has the capability `settled`. Who gives a `limit` needs
   * no more than that many of them, so that an engine may stop there; it may give more.
   */
  pending?(correlationId: string, limit?: number): Promise<PendingDelivery[]>;
  /**
   * How deliveries of the flow's recorded events ended, in the order in which they did, for as long as history has the events.
   * Present where the engine has the capability `outcomes`; undefined where this client may not read them.
   */
  ended?(correlationId: string): Promise<EndedDelivery[] | undefined>;
  /**
   * The deliveries of recorded events that ended at or after a time, in milliseconds since 1970; of more than `limit` the last ones,
   * in any order, and at most that many. The cost goes by their number, not by that of what is stored. Present where the engine has
   * the capability `rates`; undefined where this client may not read them.
   */
  recentlyEnded?(since: number, limit: number): Promise<EndedSample[] | undefined>;
}
