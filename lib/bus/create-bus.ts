import { createDeadLetters, type DeadLetters } from "../dead-letters/dead-letters.ts";
import { LimitRegistry } from "../delivery/limits/delivery-limits.ts";
import { composeHandler } from "../delivery/middleware.ts";
import { runContext } from "../delivery/run-context.ts";
import { Runner } from "../delivery/runner.ts";
import { createSubscriber, type Subscriber } from "../delivery/subscriber.ts";
import { trackPublish } from "../delivery/track-publish.ts";
import type { AnyHandler } from "../delivery/user-function.ts";
import type { Engine } from "../engine/engine.ts";
import type { ErasureSelection } from "../engine/erasure.ts";
import { busClosed } from "../engine/errors.ts";
import type { Entry } from "../engine/event-log.ts";
import type { HistoryQuery } from "../engine/queries.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import type { EventDefinition } from "../event/definition.ts";
import type { Draft, Event } from "../event/event.ts";
import { ChangeWatch } from "../history/change-watch.ts";
import type { EventMatchers } from "../history/event-matcher.ts";
import type { Flow } from "../history/flow.ts";
import { createHistory, type History } from "../history/history.ts";
import { LogReader } from "../history/log-reader.ts";
import { RateReader } from "../history/rates.ts";
import { type SettledOptions, settled } from "../history/settled.ts";
import { type WaitOptions, waitFor } from "../history/wait-for.ts";
import { createEmit, type Emit, toDraft } from "../publish/emit.ts";
import type { PublishOptions, PublishResult } from "../publish/options.ts";
import { type PublishLater, publishLater } from "../publish/publish-later.ts";
import { Publisher } from "../publish/publisher.ts";
import { refusedPublish } from "../publish/refused.ts";
import { type ReplayOptions, type ReplayReport, replay } from "../replay/replay.ts";
import type { ArchiveReplayOptions, ArchiveReplayReport, ArchiveSelection } from "../replay/replay-archive.ts";
import { parseId } from "../runtime/call-fields.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import { longestTimerMs } from "../runtime/clock.ts";
import type { BusMetrics } from "../runtime/metrics.ts";
import type { Bus, Subscriptions } from "./bus.ts";
import type { BusDependencies } from "./bus-dependencies.ts";
import { busMetrics } from "./bus-metrics.ts";
import { endRunners } from "./end-runners.ts";
import { setDependenciesOf } from "./engine-of.ts";
import { type EraseOptions, type ErasureReport, erase } from "./erase.ts";
import { HandlersByName } from "./handlers-by-name.ts";
import { createMiddleware, type Middleware } from "./middleware.ts";
import { loopOver, parseOn } from "./on.ts";
import { setAside } from "./set-aside.ts";
import { setPaused } from "./set-paused.ts";
import { parseSubscribe, type SubscribeCall } from "./subscribe-call.ts";

/** Drafts of one `publishAll` that are on their way at once. */
const batch = 1_000;

/** A {@link Bus} over any engine. */
class EngineBus<Events> {
  readonly #dependencies: BusDependencies;
  readonly #middleware: readonly Middleware[];
  readonly #publisher: Publisher;
  readonly #changes: ChangeWatch;
  readonly #reader: LogReader;
  /** Fires when `close` is called. */
  readonly #ending = new AbortController();
  /** Fires when all handlers have ended. */
  readonly #closing = new AbortController();
  readonly #runners = new Map<Runner<Events>, Subscriber>();
  readonly #handlers: HandlersByName;
  readonly #warned = new Set<string>();
  readonly #limits = new LimitRegistry();
  #closed: Promise<void> | undefined;
  #alive: NodeJS.Timeout | undefined;
  readonly [publishLater]: PublishLater;
  readonly engine: Readonly<Pick<Engine, "name" | "capabilities">>;
  readonly emit: Emit<Events>;
  readonly history: History;
  readonly deadLetters: DeadLetters;
  readonly subscriptions: Subscriptions;

  constructor(dependencies: BusDependencies) {
    this.#dependencies = dependencies;
    const { engine, clock, catalog } = dependencies;
    this.#handlers = new HandlersByName(engine);
    this.#middleware = createMiddleware(dependencies.use, {
      ...dependencies,
      closing: this.#ending.signal,
      deadLetter: setAside(dependencies),
    });
    this.#publisher = new Publisher(
      {
        ...dependencies,
        log: engine.log,
        canDelay: () => engine.capabilities.has("delay"),
        closed: () => this.#whyClosed(),
      },
      this.#middleware.flatMap(({ publish }) => publish ?? []),
    );
    this.#changes = new ChangeWatch(engine, clock);
    this.#reader = new LogReader(engine.log, this.#changes);
    const open = () => this.#open();
    this[publishLater] = {
      prepare: (draft, options) => this.#publisher.prepare(draft, options),
      append: async (entry) => this.#publisher.appendPrepared(entry),
      onError: dependencies.onError,
    };
    this.engine = { name: engine.name, capabilities: engine.capabilities };
    this.emit = createEmit(catalog.types(), (draft, options) =>
      this.#publisher.publish(draft, options),
    ) as Emit<Events>;
    this.history = createHistory({ reader: this.#reader, open, closing: this.#closing.signal });
    this.deadLetters = createDeadLetters(open, catalog);
    const rates = new RateReader(clock);
    this.subscriptions = {
      list: async () => open().subscriptions.list(),
      get: async (name) => open().subscriptions.get(parseId("subscriptions.get", "the name", name)),
      rates: async () => rates.read(open()),
      pause: async (name) => setPaused(open(), dependencies.logger, name, true),
      resume: async (name) => setPaused(open(), dependencies.logger, name, false),
      delete: async (name) => open().subscriptions.delete(parseId("subscriptions.delete", "the name", name)),
    };
  }

  publish(what: EventDefinition | Draft, dataOrOptions?: unknown, options?: PublishOptions): Promise<Event> {
    try {
      if (typeof what !== "object" || what === null) {
        throw new BusError(
          "invalid_event",
          `publish: the event must be a definition, or a draft such as { type, data }, not ${shortForm(what)}`,
        );
      }
      if ("schema" in what) return this.#publisher.publish(toDraft(what.type, dataOrOptions, options), options);
      if (dataOrOptions === undefined) return this.#publisher.publish(what, undefined);
      checkCallOptions("publish of a draft", dataOrOptions, ["dedupe", "delay", "deliverAt", "tx"]);
      return this.#publisher.publish(what, dataOrOptions);
    } catch (thrown) {
      return refusedPublish(thrown);
    }
  }

  publishAll(drafts: readonly Draft[]): Promise<PublishResult[]> {
    return trackPublish(this.#publishAll(drafts), (results) => results.find((result) => !result.ok)?.error);
  }

  async #publishAll(drafts: readonly Draft[]): Promise<PublishResult[]> {
    if (!Array.isArray(drafts)) {
      throw new BusError(
        "invalid_event",
        `publishAll: the drafts must be a list such as [{ type, data }], not ${shortForm(drafts)}`,
      );
    }
    const results: PublishResult[] = [];
    for (let from = 0; from < drafts.length; from += batch) {
      const some = drafts.slice(from, from + batch).map((draft) => this.#result(draft));
      results.push(...(await Promise.all(some)));
    }
    return results;
  }

  async subscribe(subscription: object, handler: AnyHandler, options: unknown = {}): Promise<Subscriber> {
    const engine = this.#open();
    const call = parseSubscribe(this.#dependencies, subscription, handler, options);
    const { name } = call.record;
    const remove = this.#handlers.add(name, call);
    try {
      const { changed } = await engine.subscriptions.put(call.record, { ephemeral: call.ephemeral });
      // A bus that closes has its list of what to close already, also where a handler of its own subscribes.
      if (this.#closed !== undefined) throw busClosed();
      this.#warnOfChanges(name, changed);
      for (const doubt of call.doubts) this.#dependencies.logger.warn(doubt, { subscription: name });
    } catch (thrown) {
      remove();
      throw thrown;
    }
    return this.#consume(engine, call, remove);
  }

  on(selector: unknown, options: unknown = {}): AsyncGenerator<Event, void, void> {
    return loopOver(parseOn(selector, options), this.subscribe.bind(this), this.#ending.signal);
  }

  #consume(
    engine: Engine,
    { record, ephemeral, handler, filter, use, batch }: SubscribeCall,
    remove: () => void,
  ): Subscriber {
    const middleware = [...this.#middleware.flatMap(({ handle }) => handle ?? []), ...use];
    const runner = new Runner<Events>(
      { ...this.#dependencies, deliveries: engine.deliveries, limits: this.#limits, bus: asBus(this), ephemeral },
      record,
      batch === undefined
        ? { handler: composeHandler(middleware, handler), filter }
        : {
            handler,
            filter,
            batch: { ...batch, middleware, around: this.#middleware.flatMap((one) => one.batch ?? []) },
          },
    );
    const ended = async () => {
      this.#runners.delete(runner);
      this.#keepAlive();
      if (ephemeral) await engine.subscriptions.delete(record.name);
    };
    const subscriber = createSubscriber(engine, runner, { closing: remove, closed: ended });
    this.#runners.set(runner, subscriber);
    this.#keepAlive();
    return subscriber;
  }

  #warnOfChanges(subscription: string, changed: readonly string[]): void {
    if (changed.length === 0 || this.#warned.has(subscription)) return;
    this.#warned.add(subscription);
    this.#dependencies.logger.warn("subscription was stored with other settings; the new ones count from now on", {
      subscription,
      changed,
    });
  }

  async waitFor(wanted: EventMatchers, options?: WaitOptions): Promise<Event | Event[]> {
    const { catalog, clock, logger } = this.#dependencies;
    const { log } = this.#open();
    return waitFor(
      { log, catalog, clock, logger, reader: this.#reader, closing: this.#closing.signal },
      wanted,
      options,
    );
  }

  async settled(correlationId: string, options?: SettledOptions): Promise<Flow> {
    const { clock, logger } = this.#dependencies;
    const engine = this.#open();
    const { signal: closing } = this.#closing;
    return settled({ engine, clock, logger, changes: this.#changes, closing }, correlationId, options);
  }

  async replay(selection: HistoryQuery, options: ReplayOptions): Promise<ReplayReport> {
    return replay(this.#open(), this.#dependencies.nextId, selection, options);
  }

  async replayArchive(selection: ArchiveSelection, options: ArchiveReplayOptions): Promise<ArchiveReplayReport> {
    const engine = this.#open();
    const { replayArchive } = await import("../replay/replay-archive.ts");
    return replayArchive(engine, this.#dependencies.clock, selection, options);
  }

  async erase(selection: ErasureSelection, options?: EraseOptions): Promise<ErasureReport> {
    const engine = this.#open();
    const publish = (entry: Entry) => this.#publisher.appendPrepared(entry);
    return erase({ ...this.#dependencies, engine, publish }, selection, options);
  }

  async metrics(): Promise<BusMetrics> {
    const states = await this.#open().subscriptions.list();
    return busMetrics(this.#dependencies.counters, states, this.#runners.keys());
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { engine, clock, graceMs, onError } = this.#dependencies;
    const reason = new BusError("closed", "the bus is closing");
    this.#ending.abort(reason);
    await endRunners([...this.#runners], reason, { clock, graceMs, onError });
    // Handlers publish until they end, so that only now nothing more is taken.
    this.#runners.clear();
    this.#keepAlive();
    this.#closing.abort(reason);
    await engine.close();
  }

  /** A process that subscribes to what others publish is at work until it closes; the memory engine has no others. */
  #keepAlive(): void {
    const wanted = this.#runners.size > 0 && this.#dependencies.engine.capabilities.has("multi-process");
    if (wanted) this.#alive ??= setInterval(() => {}, longestTimerMs);
    else {
      clearInterval(this.#alive);
      this.#alive = undefined;
    }
  }

  #whyClosed(): BusError | undefined {
    if (this.#closed === undefined) return undefined;
    // A handler that is let finish may still publish.
    if (!this.#closing.signal.aborted && runContext.getStore() !== undefined) return undefined;
    return busClosed();
  }

  #open(): Engine {
    const closed = this.#whyClosed();
    if (closed !== undefined) throw closed;
    return this.#dependencies.engine;
  }

  async #result(draft: Draft): Promise<PublishResult> {
    try {
      return { ok: true, event: await this.#publisher.publish(draft, undefined) };
    } catch (thrown) {
      return { ok: false, error: toBusError(thrown), draft };
    }
  }
}

/** A bus over an engine. */
export function createBus<Events>(dependencies: BusDependencies): Bus<Events> {
  const bus = asBus(new EngineBus<Events>(dependencies));
  setDependenciesOf(bus, dependencies);
  return bus;
}

/** The class has one signature for what the contract's overloads tell apart by type; their results are the same values. */
function asBus<Events>(bus: EngineBus<Events>): Bus<Events> {
  return bus as unknown as Bus<Events>;
}
