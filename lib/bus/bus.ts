import type { StandardEvents } from "../catalog/index.ts";
import type { DeadLetter } from "../engine/delivery.ts";
import type { SubscriptionState } from "../engine/engine.ts";
import type {
  ArchiveReplayOptions,
  ArchiveReplayReport,
  ArchiveSelection,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetterReport,
  Flow,
  HistoryQuery,
  Page,
  PageOptions,
  ReplayOptions,
  ReplayReport,
  StatsQuery,
  StatsRow,
} from "../engine/queries.ts";
import type { BusError } from "../error/bus-error.ts";
import type { EventDefinition } from "../event/definition.ts";
import type { Duration } from "../event/duration.ts";
import type { Draft, DraftMetadata, Event } from "../event/event.ts";
import type { EventMatcher, EventOfMatcher, EventsOfMatchers, Fitting } from "../history/event-matcher.ts";
import type { Logger } from "../runtime/logger.ts";
import type { BusMetrics } from "../runtime/metrics.ts";
import type { EventOf, Subscription, Wanted } from "../subscription/subscription.ts";
import type { RegisteredEvents } from "./register.ts";

/** What may be said of one publish besides its data. */
export interface PublishOptions {
  /** The service or agent that publishes; default: the bus's own `source`. */
  source?: string;
  /** When it happened, RFC 3339; default: now. */
  time?: string;
  /** 1 to 128 printable ASCII characters; default: a new UUID v7. Published again, it is a duplicate. */
  id?: string;
  /**
   * Derives the id from the event being handled, the subscription and this key, so that a handler that is run again
   * does not publish twice. Outside a handler: from the source and this key. Excludes `id`.
   */
  dedupe?: string;
  metadata?: DraftMetadata;
}

/** What became of one draft of a batch. */
export type PublishResult = { ok: true; event: Event } | { ok: false; error: BusError; draft: Draft };

/** What a handler gets besides the event. */
export interface HandlerContext<Events = RegisteredEvents> {
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborted when the attempt's time is up or the bus closes: stop, and throw. */
  readonly signal: AbortSignal;
  /** Writes with the event's id, type and flow. */
  readonly log: Logger;
  /** What it publishes carries this event as its cause. */
  readonly bus: Bus<Events>;
  readonly subscription: string;
  /** Whether the delivery was redriven from the dead letters. */
  readonly redriven: boolean;
}

/**
 * Handles one delivery. It succeeds when it returns or its promise resolves; what it throws is retried, unless it throws
 * `NonRetriableError`; `RetryAfterError` says when.
 */
export type Handler<E extends Event = Event, Events = RegisteredEvents> = (
  event: E,
  context: HandlerContext<Events>,
) => unknown;

/** What concerns one consumer only, and is not part of the subscription. */
export interface SubscribeOptions<E extends Event = Event> {
  /** Deliveries for which it gives false end without a run. A pattern (`where`) is cheaper. */
  filter?: (event: E) => boolean;
}

/** How a subscription stands, and what this subscriber has done. */
export interface SubscriberInfo {
  name: string;
  /** The types it listens to. */
  types: readonly string[];
  paused: boolean;
  /** Since this subscriber began. */
  delivered: number;
  failed: number;
  retried: number;
  deadLettered: number;
  expired: number;
  /** RFC 3339: when it last began to handle an event. */
  lastEventAt?: string;
  /** Handlers of this subscriber that run now. */
  running: number;
  /** Of the whole subscription, all processes: waiting and delayed. */
  backlog: number;
  oldestAgeMs: number;
}

/** A handler at work on a subscription. */
export interface Subscriber {
  readonly name: string;
  /** Takes nothing new; what runs goes on. */
  pause(): void;
  resume(): void;
  info(): Promise<SubscriberInfo>;
  /** Takes nothing new and resolves when what runs has ended. A named subscription goes on collecting. */
  close(): Promise<void>;
}

/** How far {@link Bus.waitFor} looks back, and how long it waits. */
export interface WaitOptions {
  /** Looks back: events accepted after this event, or at or after this time. Default: from now on. */
  since?: Event | string | Date;
  /** Default 30 s. `0` looks back only. */
  timeout?: Duration;
  /** Ends the wait as `aborted`. */
  signal?: AbortSignal;
}

/** Past events. Newest first, by order of acceptance. */
export interface History {
  /** `undefined` where it is not stored, or its retention has ended. As it was published. */
  get(id: string): Promise<Event | undefined>;
  query(query?: HistoryQuery & PageOptions): Promise<Page>;
  /** The tree of a flow. `not_found` where no event has that correlation id (an event's own id is tried too). */
  flow(correlationId: string): Promise<Flow>;
  /** Counts by type and window. */
  stats(query?: StatsQuery): Promise<StatsRow[]>;
  /** Recorded events as they come, oldest first; ends when the loop is left, the signal fires or the bus closes. */
  tail(query?: HistoryQuery, options?: { since?: Event | string | Date; signal?: AbortSignal }): AsyncIterable<Event>;
}

/** Deliveries out of attempts, and events that could not be published. */
export interface DeadLetters {
  list(query?: DeadLetterQuery & PageOptions): Promise<DeadLetterPage>;
  /** `undefined` where there is none. */
  get(id: string): Promise<DeadLetter | undefined>;
  /** To the subscription that failed and no other, with attempts anew. One, many, or all that match. */
  redrive(which: string | readonly string[] | DeadLetterQuery): Promise<DeadLetterReport>;
  /** Forgets them for good. */
  discard(which: string | readonly string[] | DeadLetterQuery): Promise<DeadLetterReport>;
}

/** Subscriptions that the engine keeps. */
export interface Subscriptions {
  list(): Promise<SubscriptionState[]>;
  get(name: string): Promise<SubscriptionState | undefined>;
  /** Deletes it with what it had not delivered; its dead letters stay. False where there is none. */
  delete(name: string): Promise<boolean>;
}

type Words<Path extends string> = Path extends `${infer First}.${infer Rest}` ? [First, ...Words<Rest>] : [Path];

type EmitAt<Events, Prefix extends string> = {
  [Type in keyof Events & string as Type extends `${Prefix}${infer Rest}`
    ? Words<Rest>[0]
    : never]: Type extends `${Prefix}${infer Rest}`
    ? Rest extends `${infer Next}.${string}`
      ? EmitAt<Events, `${Prefix}${Next}.`>
      : (data: Events[Type], options?: PublishOptions) => Promise<Event<Type, Events[Type]>>
    : never;
};

/** One call a type: `emit.task.completed(data, options)`. */
export type Emit<Events> = EmitAt<Events, "">;

/**
 * Where events are published, and from where they are delivered. The same promises on every engine: see
 * docs/contract.md. Every method rejects with `closed` once the bus is closed.
 */
export interface Bus<Events = StandardEvents> {
  /**
   * Validates and publishes one event; resolves once the engine has it for good, and gives it as it is stored. Inside a
   * handler it carries the handled event as its cause. `unknown_type`, `invalid_event`, `event_too_large`, `conflict` (the
   * id is stored with other content), `rate_limited`, `throttled`, `unavailable`, `aborted`.
   */
  publish<Type extends string, Data>(
    definition: EventDefinition<Type, Data>,
    data: Data,
    options?: PublishOptions,
  ): Promise<Event<Type, Data>>;
  publish<Type extends keyof Events & string>(
    draft: Draft<Type, Events[Type]>,
    options?: Pick<PublishOptions, "dedupe">,
  ): Promise<Event<Type, Events[Type]>>;
  publish(draft: Draft<`custom.${string}`>, options?: Pick<PublishOptions, "dedupe">): Promise<Event>;

  /** Publishes any number; one result each, in the same order; a bad one harms no other. Never rejects for a draft. */
  publishAll(drafts: readonly Draft[]): Promise<PublishResult[]>;

  /** Typed from the catalog. */
  readonly emit: Emit<Events>;

  /**
   * Handles a subscription's deliveries in this process until closed. Named: durable, shared by all that use the name,
   * settings of the last one win. Without a name it ends with this bus. `invalid_config`, `unknown_type`.
   */
  subscribe<const On extends Wanted | readonly Wanted[]>(
    subscription: Subscription<On>,
    handler: Handler<EventOf<{ on: On }, Events>, Events>,
    options?: SubscribeOptions<EventOf<{ on: On }, Events>>,
  ): Promise<Subscriber>;

  /** The subscriptions that the engine keeps. */
  readonly subscriptions: Subscriptions;

  /** Waits for one event, look-back included. `timeout`, `aborted`. Replayed deliveries are not seen. */
  waitFor<const On extends Wanted | readonly Wanted[]>(
    want: EventMatcher<On>,
    options?: WaitOptions,
  ): Promise<EventOf<{ on: On }, Events>>;
  /** The first that matches any. */
  waitFor<const Wants extends readonly EventMatcher[]>(
    want: { any: Fitting<Wants> },
    options?: WaitOptions,
  ): Promise<EventOfMatcher<Wants[number], Events>>;
  /** One for each, in the order of the wants. */
  waitFor<const Wants extends readonly EventMatcher[]>(
    want: { all: Fitting<Wants> },
    options?: WaitOptions,
  ): Promise<EventsOfMatchers<Wants, Events>>;
  /** `count` different events, each matching one of the wants, in the order they came. */
  waitFor<const Wants extends readonly EventMatcher[]>(
    want: { count: number; of: Fitting<Wants> },
    options?: WaitOptions,
  ): Promise<EventOfMatcher<Wants[number], Events>[]>;

  /** Past events: look up, count, follow, and the tree of a flow. */
  readonly history: History;

  /**
   * Resolves when nothing of the flow is under way: retries and what handlers published included; a dead letter counts as
   * settled. `timeout` (default 30 s) with `details.pending`; `not_found`; `invalid_config` where the engine cannot tell (aws).
   */
  settled(correlationId: string, options?: { timeout?: Duration; signal?: AbortSignal }): Promise<Flow>;

  /**
   * Has EventBridge deliver what its archive has of a time again, and resolves when it has (aws). Marked, and never new
   * history. A bus that closes leaves it running: `closed`. `invalid_config` with another engine, or where more than times is
   * asked for; `not_found` without an archive; `throttled` while ten replays run; `aborted`.
   */
  replay(selection: ArchiveSelection, options: ArchiveReplayOptions): Promise<ArchiveReplayReport>;
  /** Delivers past events again, to one subscription or all. Marked, and never new history. */
  replay(selection: HistoryQuery, options: ReplayOptions): Promise<ReplayReport>;

  /** What failed for good: list, redrive, discard. */
  readonly deadLetters: DeadLetters;

  /** Counts since this bus was connected, how the engine stands now, and latencies in milliseconds. */
  metrics(): Promise<BusMetrics>;

  /** Stops taking, lets running handlers finish within the grace time, flushes, closes. A second call waits for the first. */
  close(): Promise<void>;
}
