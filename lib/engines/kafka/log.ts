import { randomUUID } from "node:crypto";
import { busClosed, idConflict } from "../../engine/errors.ts";
import type {
  Appended,
  Entry,
  EventLog,
  LogPage,
  LogPageOptions,
  LogRead,
  LogSelection,
  Position,
  PositionOf,
  RecordedEvent,
} from "../../engine/event-log.ts";
import type { HistoryQuery, StatsQuery, StatsRow } from "../../engine/queries.ts";
import { sameContent } from "../../engine/same-content.ts";
import { BusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import type { PublishQueue } from "../../publish/publish-queue.ts";
import { awaitOutcome } from "./publishing/outcomes.ts";
import type { Progress } from "./recording/progress.ts";
import { outcomeByStore } from "./recording/recorder.ts";
import type { UnrecordedEvents } from "./recording/unrecorded.ts";

export interface KafkaLogDependencies {
  /** The log of the store. */
  readonly recorded: EventLog;
  readonly publishQueue: PublishQueue;
  readonly progress: Progress;
  readonly unrecorded: UnrecordedEvents;
  /** By which a publisher is told what became of an entry. */
  readonly tokens: WeakMap<Entry, string>;
  closed(): boolean;
}

/**
 * Events go to a topic and are read from the store, once that has what this process knows of. `append` resolves when Kafka has the
 * event; where the caller gave the id, when the store has decided whether that was there before.
 */
export class KafkaLog implements EventLog {
  readonly #dependencies: KafkaLogDependencies;
  readonly flow?: (correlationId: string) => Promise<RecordedEvent[]>;
  readonly stats?: (query: StatsQuery) => Promise<StatsRow[]>;

  constructor(dependencies: KafkaLogDependencies) {
    this.#dependencies = dependencies;
    const { progress, recorded } = dependencies;
    const flow = recorded.flow?.bind(recorded);
    const stats = recorded.stats?.bind(recorded);
    if (flow !== undefined) {
      this.flow = async (correlationId) => {
        await progress.allRecorded();
        return flow(correlationId);
      };
    }
    if (stats !== undefined) {
      this.stats = async (query) => {
        await progress.allRecorded();
        return stats(query);
      };
    }
  }

  append(entry: Entry): Promise<Appended> {
    const { closed, publishQueue } = this.#dependencies;
    if (closed()) return Promise.reject(busClosed());
    return entry.ownId ? this.#appendOwn(entry) : publishQueue.add(entry);
  }

  async get(id: string): Promise<Event | undefined> {
    const { progress, recorded } = this.#dependencies;
    await progress.allRecorded();
    return recorded.get(id);
  }

  async query(query: HistoryQuery, options: LogPageOptions): Promise<LogPage> {
    const { progress, recorded } = this.#dependencies;
    await progress.allRecorded();
    return recorded.query(query, options);
  }

  /** The end is that of the store as of the call: what this process published and the store lacks, `recentlySeen` knows. */
  async position(of: PositionOf): Promise<Position> {
    const { progress, recorded } = this.#dependencies;
    if (of !== "end") await progress.allRecorded();
    return recorded.position(of);
  }

  recentlySeen(): (event: Event) => boolean {
    const { recorded, unrecorded } = this.#dependencies;
    const published = unrecorded.snapshot();
    const seen = recorded.recentlySeen?.();
    return (event) => published(event) || seen?.(event) === true;
  }

  /** Readers are told when there is more: this waits for nothing. */
  readAfter(position: Position, limit: number, wanted?: readonly LogSelection[]): Promise<LogRead> {
    return this.#dependencies.recorded.readAfter(position, limit, wanted);
  }

  /** What the store knows already is not sent again; what several send at once the store decides on. */
  async #appendOwn(entry: Entry): Promise<Appended> {
    const { progress, publishQueue, recorded, tokens } = this.#dependencies;
    const { event } = entry;
    const known = await recorded.get(event.id);
    if (known !== undefined) {
      if (sameContent(known, event)) return { event: known, duplicate: true };
      throw idConflict(event);
    }
    const token = randomUUID();
    tokens.set(entry, token);
    const { forget, outcome } = awaitOutcome(token);
    try {
      await publishQueue.add(entry);
      const elsewhere = async () => {
        await progress.ownRecorded();
        const stored = await recorded.get(event.id);
        return outcomeByStore(event, stored, stored !== undefined && sameContent(stored, event));
      };
      const found = await Promise.race([outcome, elsewhere()]);
      if (found instanceof BusError) throw found;
      return found;
    } finally {
      forget();
    }
  }
}
