import type { Event } from "../event/event.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import type { DeadLetter, Delivery, Failure, Outcome, PendingDelivery } from "./delivery.ts";
import type {
  ArchiveReplayOptions,
  DeadLetterPage,
  DeadLetterQuery,
  HistoryQuery,
  Page,
  PageOptions,
  StatsQuery,
  StatsRow,
} from "./queries.ts";

/** What an engine may lack; the contract suite asserts each engine's exact list. */
export type Feature = "ordered-publish" | "priority" | "backpressure" | "settled" | "durable" | "multi-process";

/** An event to accept. */
export interface Entry {
  readonly event: Event;
  /** Whether the caller gave the id: only then can it have been seen before. */
  readonly ownId: boolean;
  /** Whether it is kept in history. */
  readonly history: boolean;
  /** Whether a handler publishes it: then it never waits, and is never refused, for a full intake. */
  readonly inHandler: boolean;
}

/** What was accepted. */
export interface Accepted {
  /** The stored event: the earlier one where `duplicate`. */
  readonly event: Event;
  readonly duplicate: boolean;
}

/** A place in the order of acceptance: of two positions of one engine the later is the greater (`<`). */
export type Position = number | string;

/** A recorded event and its place. */
export interface Recorded {
  readonly event: Event;
  readonly position: Position;
}

/** The part of a bus that runs deliveries; an engine hands it what it claimed. */
export interface Consumer {
  /** Deliveries that it can take now: 0 while paused or full. */
  capacity(): number;
  /** Takes one delivery, claimed for this process. Never throws, never waits. */
  deliver(delivery: Delivery): void;
  /** Counts one that was over before it could be handed over, as its event had expired. Never throws, never waits. */
  expired(): void;
}

/** A consumer's hold on its engine. */
export interface Attachment {
  /** There is capacity again. */
  wake(): void;
  /** Nothing more is handed over; what was, is still settled. */
  detach(): void;
}

/** A subscription and how it stands. */
export interface SubscriptionState {
  readonly record: SubscriptionRecord;
  /** Whether it ends with the process that made it. */
  readonly ephemeral: boolean;
  readonly waiting: number;
  readonly delayed: number;
  /** In handlers; where only a queue is asked (aws), also what waits there for its next attempt. */
  readonly running: number;
  /** Milliseconds since the oldest waiting, delayed or running delivery was accepted; 0 where there is none, or it cannot be told. */
  readonly oldestAgeMs: number;
  readonly deadLetters: number;
  /** Whether it is still being given what history holds, so that more will wait; absent where it is not. */
  readonly backfilling?: true;
}

/** One step of a replay. */
export interface ReplayStep {
  /** Events selected in this step. */
  readonly events: number;
  readonly deliveries: Readonly<Record<string, number>>;
  /** Absent at the end. */
  readonly cursor?: string;
}

/** A time that an archive is replayed for, in milliseconds since 1970; `until` is not in it. */
export interface ArchiveSpan {
  readonly since: number;
  readonly until: number;
}

/**
 * What carries a bus. It stores, routes, orders and claims; running handlers, timeouts, backoff, counting and waiting
 * are the bus's own. Methods reject with BusError only; `unavailable` where the store fails.
 *
 * Promises: `publish` resolves when the event and its deliveries are kept for good. A delivery is handed to one consumer
 * at a time, and again only after `settle`, or after the process that claimed it has ended. Urgent first, then oldest
 * first; with `ordered`, one at a time for each key in order of acceptance. `concurrency` bounds what is claimed at once
 * over all consumers of a subscription that this engine sees.
 */
export interface Engine {
  readonly name: string;
  readonly lacks: ReadonlySet<Feature>;

  /** Accepts one event. `conflict` where its id is stored with other content. */
  publish(entry: Entry): Accepted | Promise<Accepted>;

  /**
   * Creates a subscription, or changes the settings of the one that has its name. A new one starts at `record.from`.
   * `changed` names the settings that differ from the stored ones.
   */
  putSubscription(
    record: SubscriptionRecord,
    options: { ephemeral: boolean },
  ): Promise<{ created: boolean; changed: readonly string[] }>;
  listSubscriptions(): Promise<SubscriptionState[]>;
  /** As of now; undefined where there is none. */
  getSubscription(name: string): Promise<SubscriptionState | undefined>;
  /** Deletes it with its undelivered deliveries; its dead letters stay. False where there is none. */
  deleteSubscription(name: string): Promise<boolean>;

  /** Hands deliveries of one subscription to a consumer from now on. Sees changed settings by itself. */
  attach(subscription: string, consumer: Consumer): Attachment;
  /** The stored settings as this process last saw them; undefined once deleted. */
  settings(subscription: string): SubscriptionRecord | undefined;
  /** Records how an attempt ended; resolves once that is kept. */
  settle(delivery: Delivery, outcome: Outcome): void | Promise<void>;

  get(id: string): Promise<Event | undefined>;
  query(query: HistoryQuery, page: PageOptions): Promise<Page>;
  /** The flow's events in order of acceptance. */
  flowEvents(correlationId: string): Promise<Event[]>;
  /** The flow's deliveries that are under way. */
  pending(correlationId: string): Promise<PendingDelivery[]>;
  stats(query: StatsQuery): Promise<StatsRow[]>;

  /**
   * The place after which to read: the end, as of the call itself; just after an event (`not_found`); or just before what
   * was accepted at a time, in milliseconds.
   */
  position(of: "end" | { eventId: string } | { time: number }): Promise<Position>;
  /** Recorded events after a place, oldest first, at most `limit`, and the place after the last one looked at. */
  readAfter(position: Position, limit: number): Promise<{ events: Recorded[]; position: Position }>;
  /**
   * Says of an event whether this process had it by this call: then it is not new, even if it comes after the end as of the
   * same call. Absent where what a process can have lies before the end.
   */
  known?(): (event: Event) => boolean;
  /** Calls back soon after anything was accepted or settled, by any process; many changes may make one call. */
  onChange(listener: () => void): () => void;

  /** Queues past events again, in small steps, marked with `replayId`. `to` names the subscriptions. */
  replayStep(
    replayId: string,
    query: HistoryQuery,
    to: readonly string[],
    options: { dryRun: boolean; cursor?: string },
  ): Promise<ReplayStep>;

  /**
   * Has the service deliver again what its archive has of a time, and resolves with the mark once it has. `to` names
   * subscriptions that are not ephemeral. Absent where there can be no archive.
   */
  replayArchive?(
    span: ArchiveSpan,
    to: readonly string[],
    options: Pick<ArchiveReplayOptions, "signal" | "onProgress">,
  ): Promise<string>;

  /** Keeps an event that could not be published. */
  addDeadLetter(event: Event, reason: Failure): Promise<DeadLetter>;
  listDeadLetters(query: DeadLetterQuery, page: PageOptions): Promise<DeadLetterPage>;
  getDeadLetter(id: string): Promise<DeadLetter | undefined>;
  /** Queues it again for the subscription that it failed for, attempts anew, and removes it. `not_found`, `conflict`. */
  redriveDeadLetter(id: string): Promise<void>;
  /** False where there is none. */
  discardDeadLetter(id: string): Promise<boolean>;

  /** Flushes and lets go. What is still claimed stays so until its handler has settled or the process ends. */
  close(): Promise<void>;
}
