import { createHash } from "node:crypto";
import { type RunContext, runContext } from "../delivery/run-context.ts";
import type { Accepted, Engine, Entry } from "../engine/engine.ts";
import { BusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import type { Draft, Event } from "../event/event.ts";
import { type PrepareContext, prepareEvent } from "../event/prepare.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Counters } from "../runtime/metrics.ts";

/** What a publisher needs of its bus. */
export interface PublisherDependencies {
  readonly engine: Engine;
  readonly catalog: Catalog;
  readonly source: string | undefined;
  readonly clock: Clock;
  readonly nextId: () => string;
  readonly counters: Counters;
  /** Why nothing is taken any more, once that is so. */
  closed(): BusError | undefined;
}

/** A layer around the engine's intake: passes the entry on, waits, or refuses. */
export type PublishLayer = (
  entry: Entry,
  next: (entry: Entry) => Accepted | Promise<Accepted>,
) => Accepted | Promise<Accepted>;

/** Validates, gives id and flow, and hands over to the engine. Throws at once what is wrong with the draft. */
export class Publisher {
  readonly #host: PublisherDependencies;
  readonly #intake: (entry: Entry) => Accepted | Promise<Accepted>;
  /** Of what is published outside of handlers. */
  readonly #context: PrepareContext;

  constructor(host: PublisherDependencies, layers: readonly PublishLayer[]) {
    this.#host = host;
    const { catalog, source, clock, nextId } = host;
    this.#context = { catalog, source, now: clock.now, nextId };
    this.#intake = layers.reduceRight<(entry: Entry) => Accepted | Promise<Accepted>>(
      (next, layer) => (entry) => layer(entry, next),
      (entry) => host.engine.publish(entry),
    );
  }

  publish(draft: Draft, dedupe: string | undefined): Promise<Event> {
    const run = runContext.getStore();
    const published = this.#publish(draft, dedupe, run);
    run?.track(published);
    return published;
  }

  /** No async function: its frame, with the draft, would be kept for as long as the engine takes. */
  #publish(draft: Draft, dedupe: string | undefined, run: RunContext | undefined): Promise<Event> {
    try {
      const startedAt = performance.now();
      const accepted = this.#intake(this.#entry(draft, dedupe, run));
      return accepted instanceof Promise
        ? accepted.then((taken) => this.#count(taken, startedAt))
        : Promise.resolve(this.#count(accepted, startedAt));
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  #entry(draft: Draft, dedupe: string | undefined, run: RunContext | undefined): Entry {
    const host = this.#host;
    const closed = host.closed();
    if (closed !== undefined) throw closed;
    if (run?.aborted !== undefined) {
      throw new BusError(
        "aborted",
        `${draft.type} was not published: the handler of ${run.subscription} was aborted (${run.aborted.message})`,
        { cause: run.aborted },
      );
    }
    const { event, definition, ownId } = prepareEvent(
      dedupe === undefined ? draft : withId(draft, dedupe, host, run),
      run === undefined ? this.#context : { ...this.#context, cause: run.event },
    );
    return { event, ownId, history: definition?.history !== false, inHandler: run !== undefined };
  }

  #count({ event, duplicate }: Accepted, startedAt: number): Event {
    const { counters } = this.#host;
    if (duplicate) counters.duplicates += 1;
    else counters.published += 1;
    counters.publishMs.record(performance.now() - startedAt);
    return event;
  }
}

/** The id that a `dedupe` key stands for: the same for every run of the same delivery. */
function withId(draft: Draft, dedupe: string, host: PublisherDependencies, run: RunContext | undefined): Draft {
  if (draft.id !== undefined) {
    throw new BusError(
      "invalid_event",
      `${draft.type}: give \`id\` or \`dedupe\`, not both; \`dedupe\` derives the id`,
    );
  }
  const of =
    run === undefined
      ? [draft.source ?? host.source, dedupe]
      : [run.event.id, run.event.metadata.replay?.id, run.subscription, dedupe];
  return { ...draft, id: `dedupe-${createHash("sha256").update(JSON.stringify(of)).digest("base64url")}` };
}
