import { createDeadLetters } from "../dead-letters/dead-letters.ts";
import { runContext } from "../delivery/run-context.ts";
import { Runner } from "../delivery/runner.ts";
import { createSubscriber } from "../delivery/subscriber.ts";
import type { Engine } from "../engine/engine.ts";
import { busClosed } from "../engine/errors.ts";
import type {
  ArchiveReplayOptions,
  ArchiveReplayReport,
  Flow,
  HistoryQuery,
  ReplayOptions,
  ReplayReport,
} from "../engine/queries.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import type { Catalog } from "../event/catalog.ts";
import type { EventDefinition } from "../event/definition.ts";
import type { Duration } from "../event/duration.ts";
import type { Draft, Event } from "../event/event.ts";
import { didYouMean } from "../event/nearest.ts";
import { Follower } from "../history/follower.ts";
import { createHistory } from "../history/history.ts";
import { settled } from "../history/settled.ts";
import { type Wants, waitFor } from "../history/wait-for.ts";
import { createEmit, toDraft } from "../publish/emit.ts";
import { Publisher, type PublishLayer } from "../publish/publisher.ts";
import { replay } from "../replay/replay.ts";
import { replayArchive } from "../replay/replay-archive.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import { type Clock, longestTimerMs } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { BusMetrics, Counters } from "../runtime/metrics.ts";
import { subscriptionRecord, unknownTypes } from "../subscription/index.ts";
import type {
  Bus,
  DeadLetters,
  Emit,
  History,
  PublishOptions,
  PublishResult,
  Subscriber,
  Subscriptions,
  WaitOptions,
} from "./bus.ts";

/** What a bus is made of. */
export interface BusDependencies {
  readonly engine: Engine;
  readonly catalog: Catalog;
  /** Given to what is published without one. */
  readonly source: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly nextId: () => string;
  readonly logger: Logger;
  readonly counters: Counters;
  /** Layers around the engine's intake, the outermost first. */
  readonly layers: readonly PublishLayer[];
  /** Milliseconds that handlers may go on for once the bus closes. */
  readonly graceMs: number;
  /** Told of what no caller can see. */
  readonly onError: (error: BusError) => void;
}

/** Drafts of one `publishAll` that are on their way at once. */
const batch = 1_000;

/** After the grace time, for handlers that stop when their signal fires. */
const abortGraceMs = 1_000;

/** A {@link Bus} over any engine. */
class EngineBus<Events> {
  readonly #parts: BusDependencies;
  readonly #publisher: Publisher;
  readonly #follower: Follower;
  readonly #closing = new AbortController();
  readonly #runners = new Map<Runner<Events>, Subscriber>();
  readonly #warned = new Set<string>();
  #closed: Promise<void> | undefined;
  #alive: NodeJS.Timeout | undefined;
  readonly emit: Emit<Events>;
  readonly history: History;
  readonly deadLetters: DeadLetters;
  readonly subscriptions: Subscriptions;

  constructor(parts: BusDependencies) {
    this.#parts = parts;
    const { engine, clock } = parts;
    this.#publisher = new Publisher({ ...parts, closed: () => this.#whyClosed() }, parts.layers);
    this.#follower = new Follower(engine, clock);
    const open = () => this.#open();
    this.emit = createEmit(parts.catalog.types(), (draft, dedupe) =>
      this.#publisher.publish(draft, dedupe),
    ) as Emit<Events>;
    this.history = createHistory({ engine, clock, open, closing: this.#closing.signal });
    this.deadLetters = createDeadLetters(open, parts.catalog);
    this.subscriptions = {
      list: async () => open().listSubscriptions(),
      get: async (name) => open().getSubscription(name),
      delete: async (name) => open().deleteSubscription(name),
    };
  }

  publish(what: EventDefinition | Draft, dataOrOptions?: unknown, options?: PublishOptions): Promise<Event> {
    if (typeof what !== "object" || what === null) {
      return Promise.reject(
        new BusError(
          "invalid_event",
          `publish: ${shortForm(what)} is neither a definition nor a draft; give { type, data }`,
        ),
      );
    }
    if ("schema" in what) return this.#publisher.publish(toDraft(what.type, dataOrOptions, options), options?.dedupe);
    if (dataOrOptions === undefined) return this.#publisher.publish(what, undefined);
    return this.#publishDraft(what, dataOrOptions);
  }

  async #publishDraft(draft: Draft, options: unknown): Promise<Event> {
    checkCallOptions("publish of a draft", options, ["dedupe"]);
    return this.#publisher.publish(draft, isOptions(options) ? options.dedupe : undefined);
  }

  async publishAll(drafts: readonly Draft[]): Promise<PublishResult[]> {
    if (!Array.isArray(drafts)) {
      throw new BusError("invalid_event", `publishAll: ${shortForm(drafts)} is no list; give an array of drafts`);
    }
    const results: PublishResult[] = [];
    for (let from = 0; from < drafts.length; from += batch) {
      const some = drafts.slice(from, from + batch).map((draft) => this.#result(draft));
      results.push(...(await Promise.all(some)));
    }
    return results;
  }

  async subscribe(
    subscription: object,
    handler: (event: never, context: never) => unknown,
    options: { filter?: (event: never) => boolean } = {},
  ): Promise<Subscriber> {
    const { catalog, nextId, logger } = this.#parts;
    const engine = this.#open();
    checkCallOptions("subscribe", options, ["filter"]);
    for (const [what, given] of Object.entries({ "the handler": handler, filter: options.filter ?? (() => true) })) {
      if (typeof given === "function") continue;
      throw new BusError("invalid_config", `subscribe: ${what} is ${shortForm(given)}; give a function`);
    }
    const isObject = typeof subscription === "object" && subscription !== null;
    const ephemeral = isObject && !("name" in subscription && subscription.name !== undefined);
    const record = subscriptionRecord(ephemeral ? { ...subscription, name: `unnamed-${nextId()}` } : subscription);
    const [unknown] = unknownTypes(record.on, catalog);
    if (unknown !== undefined) {
      const fix = didYouMean(unknown, catalog.types(), "add its definition to the catalog");
      throw new BusError("unknown_type", `subscription ${record.name}: on: ${unknown} is not in the catalog${fix}`);
    }
    const { changed } = await engine.putSubscription(record, { ephemeral });
    if (changed.length > 0 && !this.#warned.has(record.name)) {
      this.#warned.add(record.name);
      logger.warn("subscription was stored with other settings; the new ones count from now on", {
        subscription: record.name,
        changed,
      });
    }
    const runner = new Runner<Events>({ ...this.#parts, bus: asBus(this) }, record, handler, options.filter);
    const subscriber = createSubscriber(engine, runner, async () => {
      this.#runners.delete(runner);
      this.#keepAlive();
      if (ephemeral) await engine.deleteSubscription(record.name);
    });
    this.#runners.set(runner, subscriber);
    this.#keepAlive();
    return subscriber;
  }

  async waitFor(want: Wants, options?: WaitOptions): Promise<Event | Event[]> {
    const { catalog, clock } = this.#parts;
    const closing = this.#closing.signal;
    return waitFor({ engine: this.#open(), catalog, clock, follower: this.#follower, closing }, want, options);
  }

  async settled(correlationId: string, options?: { timeout?: Duration; signal?: AbortSignal }): Promise<Flow> {
    const { clock } = this.#parts;
    return settled({ engine: this.#open(), clock, closing: this.#closing.signal }, correlationId, options);
  }

  async replay(
    selection: HistoryQuery,
    options: ReplayOptions | ArchiveReplayOptions,
  ): Promise<ReplayReport | ArchiveReplayReport> {
    const engine = this.#open();
    if (options?.from === "archive") return replayArchive(engine, this.#parts.clock, selection, options);
    return replay(engine, this.#parts.nextId, selection, options);
  }

  async metrics(): Promise<BusMetrics> {
    const { counters } = this.#parts;
    const states = await this.#open().listSubscriptions();
    const { publishMs, deliveryMs, ...counts } = counters;
    return {
      ...counts,
      activeSubscriptions: [...this.#runners.keys()].filter((runner) => !runner.paused).length,
      backlog: states.reduce((sum, state) => sum + state.waiting + state.delayed, 0),
      oldestAgeMs: Math.max(0, ...states.map((state) => state.oldestAgeMs)),
      publishMs: publishMs.percentiles(),
      deliveryMs: deliveryMs.percentiles(),
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { engine, clock, graceMs, onError } = this.#parts;
    const reason = new BusError("closed", "the bus is closing");
    const runners = [...this.#runners];
    const ended = Promise.all(runners.map(([, subscriber]) => subscriber.close()));
    if (!(await within(clock, ended, graceMs))) {
      for (const [runner] of runners) runner.abort(reason);
      if (!(await within(clock, ended, abortGraceMs))) {
        const left = runners.filter(([runner]) => runner.running > 0);
        for (const [runner] of left) {
          runner.abandon();
          onError(
            new BusError(
              "timeout",
              `subscription ${runner.name}: ${runner.running} handlers ignore the closing of the bus`,
            ),
          );
        }
      }
    }
    // Handlers publish until they end, so that only now nothing more is taken.
    this.#runners.clear();
    this.#keepAlive();
    this.#closing.abort(reason);
    this.#follower.stop();
    await engine.close();
  }

  /** A process that subscribes to what others publish is at work until it closes; the memory engine has no others. */
  #keepAlive(): void {
    const wanted = this.#runners.size > 0 && !this.#parts.engine.lacks.has("multi-process");
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
    return this.#parts.engine;
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
export function createBus<Events>(parts: BusDependencies): Bus<Events> {
  return asBus(new EngineBus<Events>(parts));
}

/** The class has one signature for what the contract's overloads tell apart by type; their results are the same values. */
function asBus<Events>(bus: EngineBus<Events>): Bus<Events> {
  return bus as unknown as Bus<Events>;
}

function isOptions(value: unknown): value is Pick<PublishOptions, "dedupe"> {
  return typeof value === "object" && value !== null;
}

/** Whether a promise settles within a time. */
async function within(clock: Clock, promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: unknown;
  const late = new Promise<false>((resolve) => {
    timer = clock.setTimer(() => resolve(false), ms, { keepAlive: true });
  });
  const inTime = await Promise.race([promise.then(() => true as const), late]);
  clock.clearTimer(timer);
  return inTime;
}
