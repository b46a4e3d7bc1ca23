import { busClosed } from "../../engine/errors.ts";
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
import type { Event } from "../../event/event.ts";
import type { HistoryTable } from "./dependencies.ts";
import type { PollTimer } from "./poll-timer.ts";
import type { EventPublisher } from "./publish/event-publisher.ts";
import type { RecentlySeenEvents } from "./recently-seen-events.ts";

export interface AwsEventLogDependencies {
  readonly publisher: Pick<EventPublisher, "publish" | "onAccepted">;
  readonly history: HistoryTable;
  readonly recentlySeen: RecentlySeenEvents;
  readonly pollTimer: Pick<PollTimer, "quicken" | "somethingCame">;
  /** Aborted when the engine closes. */
  readonly closing: AbortSignal;
}

/** Events go to EventBridge, whose rules queue them for the subscriptions and for history; they are read from its table. */
export class AwsEventLog implements EventLog {
  readonly #dependencies: AwsEventLogDependencies;

  constructor(dependencies: AwsEventLogDependencies) {
    this.#dependencies = dependencies;
    const { publisher, recentlySeen } = dependencies;
    publisher.onAccepted((event) => recentlySeen.addNew(event));
  }

  append(entry: Entry): Promise<Appended> {
    const { pollTimer, publisher } = this.#dependencies;
    pollTimer.quicken();
    return publisher.publish(entry);
  }

  async get(id: string): Promise<Event | undefined> {
    const event = await this.#open().get(id);
    if (event !== undefined) this.#dependencies.recentlySeen.add(event);
    return event;
  }

  async query(query: HistoryQuery, page: LogPageOptions): Promise<LogPage> {
    const found = await this.#open().query(query, page);
    this.#see(found.events);
    return found;
  }

  async flow(correlationId: string): Promise<RecordedEvent[]> {
    const events = await this.#open().flow(correlationId);
    this.#see(events);
    return events;
  }

  async stats(query: StatsQuery): Promise<StatsRow[]> {
    return this.#open().stats(query);
  }

  async position(of: PositionOf): Promise<Position> {
    return this.#open().position(of);
  }

  async readAfter(position: Position, limit: number, wanted?: readonly LogSelection[]): Promise<LogRead> {
    const read = await this.#open().readAfter(position, limit, wanted);
    if (read.position !== position) this.#dependencies.pollTimer.somethingCame();
    return read;
  }

  /** Between a publish and the recording of its event there is about a second. */
  recentlySeen(): (event: Event) => boolean {
    return this.#dependencies.recentlySeen.asOfNow();
  }

  #see(events: readonly RecordedEvent[]): void {
    for (const { event } of events) this.#dependencies.recentlySeen.add(event);
  }

  #open(): HistoryTable {
    const { closing, history } = this.#dependencies;
    if (closing.aborted) throw busClosed();
    return history;
  }
}
