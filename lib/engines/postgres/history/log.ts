import type { EndPositions } from "../../../engine/end-positions.ts";
import { busClosed } from "../../../engine/errors.ts";
import type {
  Appended,
  Entry,
  EventLog,
  LogPage,
  LogPageOptions,
  LogRead,
  Position,
  PositionOf,
  RecordedEvent,
  Takeover,
} from "../../../engine/event-log.ts";
import type { HistoryQuery, StatsQuery, StatsRow } from "../../../engine/queries.ts";
import type { BusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import type { PublishQueue } from "../../../publish/publish-queue.ts";
import { type AppendInDependencies, appendIn } from "../publishing/append-in.ts";
import type { PublishLoop } from "../publishing/publish-loop.ts";
import { storeError } from "../storage/postgres-error.ts";
import { integer, text } from "../storage/rows.ts";
import type { HistoryReader } from "./history-reader.ts";
import { countEvents, type StatsDependencies } from "./stats.ts";
import type { UnsettledEnd } from "./unsettled-end.ts";

export interface PostgresLogDependencies extends AppendInDependencies, StatsDependencies {
  readonly publishQueue: PublishQueue;
  readonly publishLoop: PublishLoop;
  readonly history: HistoryReader;
  readonly endPositions: EndPositions;
  readonly unsettledEnd: UnsettledEnd;
}

/** The events of the bus, in the order of their numbers; it is read as far as no transaction under way may bring one before. */
export class PostgresLog implements EventLog {
  readonly #dependencies: PostgresLogDependencies;

  constructor(dependencies: PostgresLogDependencies) {
    this.#dependencies = dependencies;
  }

  append(entry: Entry): Promise<Appended> {
    const { database, publishQueue } = this.#dependencies;
    return database.closed ? Promise.reject(busClosed()) : publishQueue.add(entry);
  }

  async appendIn(entry: Entry, tx: unknown): Promise<Appended> {
    if (this.#dependencies.database.closed) throw busClosed();
    return appendIn(this.#dependencies, entry, tx);
  }

  async takeOver(takeover: Takeover): Promise<readonly (Appended | BusError)[] | undefined> {
    const { database, publishLoop } = this.#dependencies;
    if (database.closed) throw busClosed();
    try {
      return await publishLoop.takeOver(takeover);
    } catch (thrown) {
      throw storeError(thrown);
    }
  }

  async feeds(): Promise<ReadonlyMap<string, number>> {
    const { database, names } = this.#dependencies;
    const rows = await database.call(`SELECT name, position FROM ${names.s}.feeds`);
    return new Map(rows.map((row) => [text(row.name), integer(row.position)]));
  }

  get(id: string): Promise<Event | undefined> {
    return this.#dependencies.history.get(id);
  }

  query(query: HistoryQuery, options: LogPageOptions): Promise<LogPage> {
    return this.#dependencies.history.query(query, options);
  }

  position(of: PositionOf): Promise<Position> {
    const { endPositions, history } = this.#dependencies;
    return of === "end" ? endPositions.get() : history.position(of);
  }

  readAfter(position: Position, limit: number): Promise<LogRead> {
    return this.#dependencies.history.after(Number(position), limit);
  }

  flow(correlationId: string): Promise<RecordedEvent[]> {
    return this.#dependencies.history.flow(correlationId);
  }

  async stats(query: StatsQuery): Promise<StatsRow[]> {
    return countEvents(this.#dependencies, query);
  }

  recentlySeen(): (event: Event) => boolean {
    return this.#dependencies.unsettledEnd.snapshot();
  }
}
