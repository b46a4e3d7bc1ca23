import type { DeadLetters } from "../dead-letters/dead-letters.ts";
import type { BatchHandler, BatchSubscribeOptions } from "../delivery/batch.ts";
import type { Handler, SubscribeOptions } from "../delivery/handler.ts";
import type { Subscriber } from "../delivery/subscriber.ts";
import type { Engine } from "../engine/engine.ts";
import type { ErasureSelection } from "../engine/erasure.ts";
import type { HistoryQuery } from "../engine/queries.ts";
import type { SubscriptionState } from "../engine/subscription-store.ts";
import type { DataOfType, PublishData, TypeName } from "../event/data-types.ts";
import type { EventDefinition } from "../event/definition.ts";
import type { Draft, Event } from "../event/event.ts";
import type {
  EventMatcher,
  EventOfMatcher,
  EventsOfMatchers,
  Fitting,
  KnownMatcher,
} from "../history/event-matcher.ts";
import type { Flow } from "../history/flow.ts";
import type { History } from "../history/history.ts";
import type { Rates } from "../history/rates.ts";
import type { SettledOptions } from "../history/settled.ts";
import type { WaitOptions } from "../history/wait-for.ts";
import type { Emit } from "../publish/emit.ts";
import type { DraftPublishOptions, DraftsOf, PublishOptions, PublishResults } from "../publish/options.ts";
import type { ReplayOptions, ReplayReport } from "../replay/replay.ts";
import type { ArchiveReplayOptions, ArchiveReplayReport, ArchiveSelection } from "../replay/replay-archive.ts";
import type { BusMetrics } from "../runtime/metrics.ts";
import type { KnownSelector, KnownTypes } from "../subscription/known-types.ts";
import type { EventOf, EventSelector, SelectorIn, Subscription } from "../subscription/subscription.ts";
import type { EraseOptions, ErasureReport } from "./erase.ts";
import type { OnOptions } from "./on.ts";
import type { RegisteredEvents } from "./register.ts";

/** Subscriptions that the engine keeps. */
export interface Subscriptions {
  /** Returns every subscription, ephemeral ones included, with its current depths. */
  list(): Promise<SubscriptionState[]>;
  /** Returns one subscription with its current depths, or `undefined` if no subscription has this name. */
  get(name: string): Promise<SubscriptionState | undefined>;
  /**
   * Pauses a subscription for all processes, until {@link Subscriptions.resume}; it outlives them. It goes on collecting, and no
   * delivery begins; what runs goes on. No attempt is counted meanwhile. Resolves with false if it was paused already. `not_found`
   * if there is none; `invalid_config` on an engine without the capability `pause`.
   */
  pause(name: string): Promise<boolean>;
  /** Has a paused subscription go on, in its order. Resolves with false if it was not paused. Rejects as `pause` does. */
  resume(name: string): Promise<boolean>;
  /**
   * How fast deliveries of the last 5 minutes ended, by subscription, and how long they took; at most the last 10,000, and computed
   * at most once a second, so that it costs the same however many there are. Of events outside of history nothing is known.
   * `undefined` on an engine without the capability `rates`, and where a server does not let this client read them.
   */
  rates(): Promise<Rates | undefined>;
  /** Deletes a subscription with its undelivered deliveries; its dead letters stay. Resolves with false if there is none. */
  delete(name: string): Promise<boolean>;
}

/**
 * Publishes events and delivers them to subscriptions. Its promises are the same on every engine: see
 * docs/reference/contract.md. Once the bus is closed, every method rejects with `closed`.
 */
export interface Bus<Events = RegisteredEvents> {
  /** The name of the engine, and what it can do. */
  readonly engine: Readonly<Pick<Engine, "name" | "capabilities">>;

  /**
   * Validates and publishes one event. Resolves with the stored event once the engine has it for good. In a handler, the
   * event records the handled one as its cause. Rejects with `unknown_type`, `invalid_event`, `event_too_large`, `conflict`
   * (the id is stored with other content), `rate_limited`, `throttled`, `unavailable` or `aborted`; with `invalid_config` for a
   * wrong option, and for a `delay` or `deliverAt` on an engine without the capability `delay`.
   */
  publish<Type extends string, Data>(
    definition: EventDefinition<Type, Data>,
    data: PublishData<Data>,
    options?: PublishOptions,
  ): Promise<Event<Type, Data>>;
  /** Publishes a draft of a type that the catalog knows, or that needs no definition. Resolves and rejects as above. */
  publish<Type extends TypeName<Events>>(
    draft: Draft<Type, DataOfType<Type, Events>>,
    options?: DraftPublishOptions,
  ): Promise<Event<Type, DataOfType<Type, Events>>>;

  /**
   * Publishes any number of drafts. Resolves with one result for each, in the same order; a bad draft does not affect the
   * others, and does not reject the call. Rejects with `invalid_event` if `drafts` is not a list. Each result has the type of
   * its draft.
   */
  publishAll<const Types extends readonly TypeName<Events>[] | []>(
    drafts: DraftsOf<Types, Events>,
  ): Promise<PublishResults<Types, Events>>;

  /** One method for each type of the catalog: `emit.task.created(data, options)`. Resolves and rejects as `publish`. */
  readonly emit: Emit<Events>;

  /**
   * Handles a subscription's deliveries in this process, several events at a time, until the subscriber or the bus is closed.
   * A subscription with a name is durable and shared by all processes that use the name; the settings given last apply.
   * Without a name, it ends with this bus. Rejects with `invalid_pattern` or `unknown_type`; with `invalid_config` for a wrong
   * option, and where a bus of this process on the same store has another handler under the name and not both are `shared`.
   */
  subscribe<const On extends EventSelector | readonly EventSelector[]>(
    subscription: Subscription<On> & KnownTypes<On, Events>,
    handler: BatchHandler<EventOf<{ on: On }, Events>, Events>,
    options: BatchSubscribeOptions<EventOf<{ on: On }, Events>>,
  ): Promise<Subscriber>;
  /** The same for a handler that receives one event at a time. */
  subscribe<const On extends EventSelector | readonly EventSelector[]>(
    subscription: Subscription<On> & KnownTypes<On, Events>,
    handler: Handler<EventOf<{ on: On }, Events>, Events>,
    options?: SubscribeOptions<EventOf<{ on: On }, Events>>,
  ): Promise<Subscriber>;

  /**
   * The deliveries of a subscription as a loop, one at a time: `for await (const event of bus.on("task.completed"))`. The
   * subscription is made when the loop begins, and is durable with a `name`. A delivery is done when the loop asks for the next
   * one; the one with which the loop is left returns to the queue. The loop has 15 min for each unless `timeout` says otherwise,
   * then it is delivered again. Ends when the signal fires or the bus closes. Throws and rejects as `subscribe`.
   */
  on<const On extends EventSelector | readonly EventSelector[]>(
    selector: On & KnownSelector<SelectorIn<On>, Events>,
    options?: OnOptions,
  ): AsyncGenerator<EventOf<{ on: On }, Events>, void, void>;

  /** The subscriptions that the engine keeps. */
  readonly subscriptions: Subscriptions;

  /**
   * Waits for an event that matches, and resolves with it. With `since` it looks back into history first. Replayed deliveries
   * do not count. Rejects with `timeout` (default 30 s), `aborted` or `closed`, each with the `events` that came until then in
   * `details`, and how many were `found` and `wanted`; with `invalid_config`, `invalid_pattern` or `unknown_type` for a wrong
   * matcher. In a handler it ends with the attempt, as `aborted`.
   */
  waitFor<const On extends EventSelector | readonly EventSelector[]>(
    want: EventMatcher<On> & KnownMatcher<On, Events>,
    options?: WaitOptions,
  ): Promise<EventOf<{ on: On }, Events>>;
  /** Resolves with the first event that matches any of the matchers. */
  waitFor<const Matchers extends readonly EventMatcher[]>(
    want: { any: Fitting<Matchers, Events> },
    options?: WaitOptions,
  ): Promise<EventOfMatcher<Matchers[number], Events>>;
  /** Resolves with one event for each matcher, in the order of the matchers. */
  waitFor<const Matchers extends readonly EventMatcher[]>(
    want: { all: Fitting<Matchers, Events> },
    options?: WaitOptions,
  ): Promise<EventsOfMatchers<Matchers, Events>>;
  /** Resolves with `count` different events, each of which matches one of the matchers, in the order of acceptance. */
  waitFor<const Matchers extends readonly EventMatcher[]>(
    want: { count: number; of: Fitting<Matchers, Events> },
    options?: WaitOptions,
  ): Promise<EventOfMatcher<Matchers[number], Events>[]>;

  /** Past events: look them up, count them, follow new ones, read a flow as a tree. */
  readonly history: History;

  /**
   * Resolves with the flow when none of its deliveries is pending, including retries and events that handlers published. A
   * dead letter counts as settled. Rejects with `timeout` (default 30 s; `details.pending` lists the deliveries, and
   * `details.paused` the subscriptions that are paused, `details.unhandled` the subscriptions that no process handles, as far as the engine knows), `not_found`, `aborted` or
   * `closed`; with `invalid_config` on an engine without the capability `settled` (aws).
   */
  settled(correlationId: string, options?: SettledOptions): Promise<Flow>;

  /**
   * Delivers past events again, to one subscription or to all that match. The deliveries carry `metadata.replay` and are not
   * recorded as new events. Resolves once they are queued. If it fails half way, the queued deliveries stay, and
   * `details.report` of the error counts them. Rejects with `invalid_config` or `not_found` (no such subscription).
   */
  replay(selection: HistoryQuery, options: ReplayOptions): Promise<ReplayReport>;

  /**
   * Replays a period from EventBridge's own archive (aws), and resolves when EventBridge has finished. The deliveries carry
   * `metadata.replay` and are not recorded as new events. Rejects with `invalid_config` on another engine and for a filter
   * other than times; `not_found` without an archive; `throttled` while ten replays run; `aborted`; `closed` if the bus is
   * closed meanwhile, which does not stop the replay.
   */
  replayArchive(selection: ArchiveSelection, options: ArchiveReplayOptions): Promise<ArchiveReplayReport>;

  /**
   * Erases the data of a user's events, of a flow, or of events by id, for good: in history, in deliveries that wait and in dead
   * letters, with the texts of their errors. The events stay as tombstones with id, type, times and metadata (`metadata.erased`), so
   * that flows and counts stay as they were; what of them was not delivered yet is dropped. A handler that runs meanwhile has
   * the data: erase again when it has ended. Publishes `system.data.erased` as proof. If it fails half way, the same call goes
   * on. Rejects with `invalid_config` for a wrong selection or option, and on an engine without the capability `erase`.
   */
  erase(selection: ErasureSelection, options?: EraseOptions): Promise<ErasureReport>;

  /** Deliveries that failed for good: list, redrive or discard them. */
  readonly deadLetters: DeadLetters;

  /** Counts of this bus since it was connected, current depths of the whole bus, and latencies in milliseconds. */
  metrics(): Promise<BusMetrics>;

  /**
   * Takes no new deliveries, lets running handlers finish within the grace time (default 10 s), aborts those that are left,
   * flushes and closes. A second call waits for the first. Rejects with `unavailable` if the ends of attempts could not be
   * written within the grace time after that (embedded, on a full disk for example): the bus is closed all the same,
   * `details.unwritten` counts them, and their deliveries run again.
   */
  close(): Promise<void>;

  /** The same as `close`, for `await using bus = await connect()`. */
  [Symbol.asyncDispose](): Promise<void>;
}
