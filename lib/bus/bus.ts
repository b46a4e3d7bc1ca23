import type { DeadLetters } from "../dead-letters/dead-letters.ts";
import type { BatchHandler, BatchSubscribeOptions } from "../delivery/batch.ts";
import type { Handler, SubscribeOptions } from "../delivery/handler.ts";
import type { Subscriber } from "../delivery/subscriber.ts";
import type { Engine } from "../engine/engine.ts";
import type { HistoryQuery } from "../engine/queries.ts";
import type { SubscriptionState } from "../engine/subscription-store.ts";
import type { EventDefinition } from "../event/definition.ts";
import type { Draft, Event } from "../event/event.ts";
import type { EventMatcher, EventOfMatcher, EventsOfMatchers, Fitting } from "../history/event-matcher.ts";
import type { Flow } from "../history/flow.ts";
import type { History } from "../history/history.ts";
import type { SettledOptions } from "../history/settled.ts";
import type { WaitOptions } from "../history/wait-for.ts";
import type { Emit } from "../publish/emit.ts";
import type { DraftOf, DraftPublishOptions, PublishOptions, PublishResults } from "../publish/options.ts";
import type { ReplayOptions, ReplayReport } from "../replay/replay.ts";
import type { ArchiveReplayOptions, ArchiveReplayReport, ArchiveSelection } from "../replay/replay-archive.ts";
import type { BusMetrics } from "../runtime/metrics.ts";
import type { EventOf, EventSelector, Subscription } from "../subscription/subscription.ts";
import type { RegisteredEvents } from "./register.ts";

/** Subscriptions that the engine keeps. */
export interface Subscriptions {
  /** Returns every subscription, ephemeral ones included, with its current depths. */
  list(): Promise<SubscriptionState[]>;
  /** Returns one subscription with its current depths, or `undefined` if no subscription has this name. */
  get(name: string): Promise<SubscriptionState | undefined>;
  /** Deletes it with what it had not delivered; its dead letters stay. False where there is none. */
  delete(name: string): Promise<boolean>;
}

/**
 * Where events are published, and from where they are delivered. The same promises on every engine: see
 * docs/reference/contract.md. Every method rejects with `closed` once the bus is closed.
 */
export interface Bus<Events = RegisteredEvents> {
  /** What carries it: the engine's name, and what it can do. */
  readonly engine: Readonly<Pick<Engine, "name" | "capabilities">>;

  /**
   * Validates and publishes one event; resolves once the engine has it for good, and gives it as it is stored. Inside a
   * handler it carries the handled event as its cause. `unknown_type`, `invalid_event`, `event_too_large`, `conflict` (the
   * id is stored with other content), `rate_limited`, `throttled`, `unavailable`, `aborted`; `invalid_config` where the engine
   * cannot hold back what has a `delay` or `deliverAt`.
   */
  publish<Type extends string, Data>(
    definition: EventDefinition<Type, Data>,
    data: Data,
    options?: PublishOptions,
  ): Promise<Event<Type, Data>>;
  /** Publishes a draft of a type that the catalog knows. */
  publish<Type extends keyof Events & string>(
    draft: Draft<Type, Events[Type]>,
    options?: DraftPublishOptions,
  ): Promise<Event<Type, Events[Type]>>;
  /** Publishes a draft of a `custom.*` type, which needs no definition. */
  publish(draft: Draft<`custom.${string}`>, options?: DraftPublishOptions): Promise<Event>;

  /**
   * Publishes any number; one result each, in the same order; a bad one harms no other. Never rejects for a draft. Typed from
   * the catalog; of a list that is written out, each result has the type of its draft.
   */
  publishAll<Drafts extends readonly DraftOf<Events>[] | []>(drafts: Drafts): Promise<PublishResults<Drafts, Events>>;

  /** Typed from the catalog. */
  readonly emit: Emit<Events>;

  /**
   * Handles a subscription's deliveries in this process until closed. Named: durable, shared by all that use the name,
   * settings of the last one win. Without a name it ends with this bus. With `batch` the handler gets several events at once.
   * `invalid_config`, `unknown_type`.
   */
  subscribe<const On extends EventSelector | readonly EventSelector[]>(
    subscription: Subscription<On>,
    handler: BatchHandler<EventOf<{ on: On }, Events>, Events>,
    options: BatchSubscribeOptions<EventOf<{ on: On }, Events>>,
  ): Promise<Subscriber>;
  subscribe<const On extends EventSelector | readonly EventSelector[]>(
    subscription: Subscription<On>,
    handler: Handler<EventOf<{ on: On }, Events>, Events>,
    options?: SubscribeOptions<EventOf<{ on: On }, Events>>,
  ): Promise<Subscriber>;

  /** The subscriptions that the engine keeps. */
  readonly subscriptions: Subscriptions;

  /** Waits for one event, look-back included. `timeout`, `aborted`. Replayed deliveries are not seen. */
  waitFor<const On extends EventSelector | readonly EventSelector[]>(
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
  settled(correlationId: string, options?: SettledOptions): Promise<Flow>;

  /**
   * Delivers past events again, to one subscription or all. Marked, and never new history. Where the engine fails half way,
   * what was delivered stays, and the error's `details.report` says how much that is.
   */
  replay(selection: HistoryQuery, options: ReplayOptions): Promise<ReplayReport>;

  /**
   * Has EventBridge deliver again what its archive has of a time, and resolves when it has (aws). Marked, and never new
   * history. A bus that closes leaves it running: `closed`. `invalid_config` with another engine, or where more than times is
   * asked for; `not_found` without an archive; `throttled` while ten replays run; `aborted`.
   */
  replayArchive(selection: ArchiveSelection, options: ArchiveReplayOptions): Promise<ArchiveReplayReport>;

  /** What failed for good: list, redrive, discard. */
  readonly deadLetters: DeadLetters;

  /** Counts since this bus was connected, how the engine stands now, and latencies in milliseconds. */
  metrics(): Promise<BusMetrics>;

  /** Stops taking, lets running handlers finish within the grace time, flushes, closes. A second call waits for the first. */
  close(): Promise<void>;

  /** As `close`: `await using bus = await connect()`. */
  [Symbol.asyncDispose](): Promise<void>;
}
