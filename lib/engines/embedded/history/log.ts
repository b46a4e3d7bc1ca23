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
import type { Feeds } from "../publishing/feeds.ts";
import type { TakeoverQueue } from "../publishing/takeover-queue.ts";
import type { FileAccess } from "../storage/file-access.ts";
import type { HistoryReader } from "./history-reader.ts";
import type { Stats } from "./stats.ts";

export interface EmbeddedLogDependencies {
  readonly access: FileAccess;
  readonly publishQueue: PublishQueue;
  readonly takeoverQueue: TakeoverQueue;
  readonly feeds: Feeds;
  readonly history: HistoryReader;
  readonly stats: Stats;
}

/** The events of the file, in the order in which they were committed. */
export class EmbeddedLog implements EventLog {
  readonly #dependencies: EmbeddedLogDependencies;

  constructor(dependencies: EmbeddedLogDependencies) {
    this.#dependencies = dependencies;
  }

  append(entry: Entry): Promise<Appended> {
    const { access, publishQueue } = this.#dependencies;
    return access.closed ? Promise.reject(busClosed()) : publishQueue.add(entry);
  }

  takeOver(takeover: Takeover): Promise<readonly (Appended | BusError)[] | undefined> {
    const { access, takeoverQueue } = this.#dependencies;
    return access.closed ? Promise.reject(busClosed()) : takeoverQueue.add(takeover);
  }

  async feeds(): Promise<ReadonlyMap<string, number>> {
    const { access, feeds } = this.#dependencies;
    return access.read(() => feeds.all());
  }

  async get(id: string): Promise<Event | undefined> {
    const { access, history } = this.#dependencies;
    return access.read(() => history.get(id));
  }

  async query(query: HistoryQuery, options: LogPageOptions): Promise<LogPage> {
    const { access, history } = this.#dependencies;
    return access.readInTurns(() => history.query(query, options));
  }

  async position(of: PositionOf): Promise<Position> {
    const { access, history } = this.#dependencies;
    return access.read(() => {
      if (of === "end") return history.end();
      return "time" in of ? history.positionBefore(of.time) : history.positionOf(of.eventId);
    });
  }

  async readAfter(position: Position, limit: number): Promise<LogRead> {
    const { access, history } = this.#dependencies;
    return access.read(() => history.after(Number(position), limit));
  }

  async flow(correlationId: string): Promise<RecordedEvent[]> {
    const { access, history } = this.#dependencies;
    return access.read(() => history.flow(correlationId));
  }

  async stats(query: StatsQuery): Promise<StatsRow[]> {
    const { access, stats } = this.#dependencies;
    return access.readInTurns(() => stats.count(query));
  }
}
