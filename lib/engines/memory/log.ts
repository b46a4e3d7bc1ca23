import type { ChangeSignal } from "../../engine/change-signal.ts";
import { idConflict, noRecordedEvent } from "../../engine/errors.ts";
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
} from "../../engine/event-log.ts";
import type { HistoryQuery } from "../../engine/queries.ts";
import { defaultPageSize } from "../../engine/queries.ts";
import { sameContent } from "../../engine/same-content.ts";
import type { Event } from "../../event/event.ts";
import { historyFilter } from "../../history/history-filter.ts";
import type { Clock } from "../../runtime/clock.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { EventRingBuffer } from "./event-ring-buffer.ts";
import { NonHistoricalIds } from "./non-historical-ids.ts";

export interface MemoryLogDependencies {
  readonly clock: Clock;
  readonly changes: ChangeSignal;
  /** Where a new event is queued for the subscriptions that want it. */
  readonly deliveries: { route(event: Event, acceptedAt: number): void };
}

/** The last events, in the order in which they were accepted. */
export class MemoryLog implements EventLog {
  readonly #clock: Clock;
  readonly #changes: ChangeSignal;
  readonly #deliveries: MemoryLogDependencies["deliveries"];
  readonly #ring: EventRingBuffer;
  readonly #nonHistoricalIds: NonHistoricalIds;

  constructor(dependencies: MemoryLogDependencies, keep: number) {
    this.#clock = dependencies.clock;
    this.#changes = dependencies.changes;
    this.#deliveries = dependencies.deliveries;
    this.#ring = new EventRingBuffer(keep);
    this.#nonHistoricalIds = new NonHistoricalIds(keep);
  }

  append({ event, ownId, history }: Entry): Appended {
    if (ownId) {
      const stored = this.#ring.get(event.id) ?? this.#nonHistoricalIds.get(event.id);
      if (stored !== undefined) {
        if (sameContent(stored, event)) return { event: stored, duplicate: true };
        throw idConflict(event);
      }
    }
    const now = this.#clock.now();
    if (history) this.#ring.push(event, now);
    else if (ownId) this.#nonHistoricalIds.add(event);
    this.#deliveries.route(event, now);
    this.#changes.notify();
    return { event, duplicate: false };
  }

  async get(id: string): Promise<Event | undefined> {
    return this.#ring.get(id);
  }

  async query(query: HistoryQuery, options: LogPageOptions): Promise<LogPage> {
    const { limit = defaultPageSize, order = "newest", upTo = this.#ring.end } = options;
    const from = decodeCursor(options.cursor, order);
    const wants = historyFilter(query);
    const kept =
      order === "newest"
        ? this.#ring.newestFirst(Math.min(from ?? Number.POSITIVE_INFINITY, Number(upTo) + 1))
        : this.#ring.oldestFirst(from);
    const events: RecordedEvent[] = [];
    let last = 0;
    for (const { event, acceptedAt, position } of kept) {
      if (position > Number(upTo)) break;
      if (!wants(event, acceptedAt)) continue;
      if (events.length === limit) return { events, cursor: encodeCursor(last, order) };
      events.push({ event, acceptedAt });
      last = position;
    }
    return { events };
  }

  async position(of: PositionOf): Promise<Position> {
    if (of === "end") return this.#ring.end;
    if ("time" in of) return this.#ring.positionBefore(of.time);
    const position = this.#ring.positionOf(of.eventId);
    if (position !== undefined) return position;
    throw noRecordedEvent(of.eventId);
  }

  async readAfter(position: Position, limit: number): Promise<LogRead> {
    return this.#ring.readAfter(position, limit);
  }

  async flow(correlationId: string): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for (const { event, acceptedAt } of this.#ring.oldestFirst()) {
      if (event.metadata.correlationId === correlationId) events.push({ event, acceptedAt });
    }
    return events;
  }

  /** Everything kept, oldest first. */
  all(): Iterable<RecordedEvent> {
    return this.#ring.oldestFirst();
  }

  clear(): void {
    this.#ring.clear();
    this.#nonHistoricalIds.clear();
  }
}
