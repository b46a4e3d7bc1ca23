import { createHash } from "node:crypto";
import { type RunContext, runContext } from "../delivery/run-context.ts";
import { trackPublish } from "../delivery/track-publish.ts";
import type { Appended, Entry, EventLog } from "../engine/event-log.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import type { Catalog } from "../event/catalog.ts";
import { longestDelayMs } from "../event/deliver-at.ts";
import { parseDuration } from "../event/duration.ts";
import type { Draft, Event } from "../event/event.ts";
import { type PrepareContext, prepareEvent } from "../event/prepare.ts";
import { formatTime } from "../event/time.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Counters } from "../runtime/metrics.ts";
import { composePublish, type PublishMiddleware, type PublishNext } from "./middleware.ts";
import type { DraftPublishOptions } from "./options.ts";
import { refusedPublish } from "./refused.ts";

/** What a publisher needs of its bus. */
export interface PublisherDependencies {
  readonly log: Pick<EventLog, "append" | "appendIn">;
  readonly catalog: Catalog;
  readonly source: string | undefined;
  readonly clock: Clock;
  readonly nextId: (at?: number) => string;
  readonly counters: Counters;
  /** Whether the engine keeps `metadata.deliverAt`. */
  canDelay(): boolean;
  /** Why nothing is taken any more, once that is so. */
  closed(): BusError | undefined;
}

/** Validates, gives id and flow, and hands it to the engine's log. Throws at once what is wrong with the draft. */
export class Publisher {
  readonly #dependencies: PublisherDependencies;
  /** Through the middleware into the engine's log. */
  readonly #append: PublishNext;
  /** Of what is published outside of handlers. */
  readonly #context: PrepareContext;

  constructor(dependencies: PublisherDependencies, middleware: readonly PublishMiddleware[]) {
    this.#dependencies = dependencies;
    const { catalog, source, clock, nextId } = dependencies;
    this.#context = { catalog, source, now: clock.now, nextId };
    this.#append = composePublish(middleware, (entry) => {
      // Middleware may have held it back until the bus was closed.
      const closed = middleware.length === 0 ? undefined : dependencies.closed();
      if (closed !== undefined) throw closed;
      return appendTo(dependencies.log, entry);
    });
  }

  publish(draft: Draft, options: DraftPublishOptions | undefined): Promise<Event> {
    // No async function: its frame, with the draft, would be kept for as long as the engine takes.
    let entry: Entry;
    try {
      entry = this.prepare(draft, options);
    } catch (thrown) {
      return refusedPublish(thrown);
    }
    return this.#hand(entry);
  }

  /** Makes the entry of a draft, and publishes nothing yet. Throws what is wrong with the draft. */
  prepare(draft: Draft, options: DraftPublishOptions | undefined): Entry {
    return this.#entry(draft, options, runContext.getStore());
  }

  /** Hands on an entry that `prepare` made, maybe of another bus, through the middleware. Throws where this bus cannot take it. */
  appendPrepared(entry: Entry): Promise<Event> {
    const { canDelay, closed } = this.#dependencies;
    const reason = closed();
    if (reason !== undefined) throw reason;
    if (entry.event.metadata.deliverAt !== undefined && !canDelay()) throw noDelay(entry.event);
    return this.#hand(entry);
  }

  #hand(entry: Entry): Promise<Event> {
    const startedAt = performance.now();
    try {
      const appended = this.#append(entry);
      return appended instanceof Promise
        ? trackPublish(appended.then((taken) => this.#count(taken, startedAt)))
        : Promise.resolve(this.#count(appended, startedAt));
    } catch (thrown) {
      return trackPublish(Promise.reject(thrown));
    }
  }

  #entry(draft: Draft, options: DraftPublishOptions | undefined, run: RunContext | undefined): Entry {
    const dependencies = this.#dependencies;
    const closed = dependencies.closed();
    if (closed !== undefined) throw closed;
    if (run?.aborted !== undefined) {
      throw new BusError(
        "aborted",
        `${draft.type} was not published: the handler of ${run.subscription} was aborted (${run.aborted.message})`,
        { cause: run.aborted },
      );
    }
    const context = run === undefined ? this.#context : { ...this.#context, cause: run.event };
    const { event, definition, ownId } = prepareEvent(
      options?.dedupe === undefined ? draft : withId(draft, options.dedupe, dependencies, run),
      options?.delay === undefined && options?.deliverAt === undefined
        ? context
        : { ...context, deliverAt: deliveryTime(draft, options, dependencies.clock) },
    );
    if (event.metadata.deliverAt !== undefined && !dependencies.canDelay()) throw noDelay(event);
    const entry = { event, ownId, history: definition?.history !== false, inHandler: run !== undefined };
    if (options?.tx === undefined) return entry;
    if (dependencies.log.appendIn === undefined) throw noTransactions(event);
    return { ...entry, tx: options.tx };
  }

  #count({ event, duplicate }: Appended, startedAt: number): Event {
    const { counters } = this.#dependencies;
    if (duplicate) counters.duplicates += 1;
    else counters.published += 1;
    counters.publishMs.record(performance.now() - startedAt);
    return event;
  }
}

/** The id that a `dedupe` key stands for: the same for every run of the same delivery. */
function withId(draft: Draft, dedupe: string, dependencies: PublisherDependencies, run: RunContext | undefined): Draft {
  if (typeof dedupe !== "string" || dedupe === "") {
    throw new BusError("invalid_event", `${draft.type}: dedupe ${mustBe("a string of at least 1 character", dedupe)}`);
  }
  if (draft.id !== undefined) {
    throw new BusError(
      "invalid_event",
      `${draft.type}: give \`id\` or \`dedupe\`, not both; \`dedupe\` derives the id`,
    );
  }
  if (run?.batch === true) {
    throw new BusError(
      "invalid_event",
      `${draft.type}: \`dedupe\` derives the id from the event being handled, and a batch has several; publish it within context.causedBy(event, …)`,
    );
  }
  const of =
    run === undefined
      ? [draft.source ?? dependencies.source, dedupe]
      : [run.event.id, run.event.metadata.replay?.id, run.subscription, dedupe];
  return { ...draft, id: `dedupe-${createHash("sha256").update(JSON.stringify(of)).digest("base64url")}` };
}

/** When the publish says that it is to be delivered. */
function deliveryTime({ type }: Draft, options: DraftPublishOptions, clock: Clock): string | Date | undefined {
  const { delay, deliverAt } = options;
  if (delay === undefined) return deliverAt;
  if (deliverAt !== undefined) {
    throw new BusError("invalid_event", `${type}: give \`delay\` or \`deliverAt\`, not both`);
  }
  return formatTime(clock.now() + parseDuration(delay, `${type}: delay`, { max: longestDelayMs }));
}

function appendTo(log: Pick<EventLog, "append" | "appendIn">, entry: Entry): Appended | Promise<Appended> {
  if (entry.tx === undefined) return log.append(entry);
  if (log.appendIn === undefined) throw noTransactions(entry.event);
  return log.appendIn(entry, entry.tx);
}

function noTransactions({ type }: Event): BusError {
  return new BusError(
    "invalid_config",
    `${type}: the engine of this bus cannot publish in a transaction of yours; publish without \`tx\``,
    { details: { type } },
  );
}

function noDelay({ type, metadata }: Event): BusError {
  return new BusError(
    "invalid_config",
    `${type}: the engine of this bus cannot delay deliveries, here until ${metadata.deliverAt}; publish without \`delay\` and \`deliverAt\``,
    { details: { type } },
  );
}
