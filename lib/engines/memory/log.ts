import type { LocalQueues } from "../../delivery/local-queue/local-queues.ts";
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
import { decodeCursor, takePage } from "../../engine/page.ts";
import type { HistoryQuery } from "../../engine/queries.ts";
import { defaultPageSize } from "../../engine/queries.ts";
import { sameContent } from "../../engine/same-content.ts";
import type { Event } from "../../event/event.ts";
import { historyFilter } from "../../history/history-filter.ts";
import type { Clock } from "../../runtime/clock.ts";
import { EventRingBuffer, type PositionedEvent } from "./event-ring-buffer.ts";
import { NonHistoricalIds } from "./non-historical-ids.ts";

export interface MemoryLogDependencies {
  readonly clock: Clock;
  readonly queues: LocalQueues;
}

/** The last events, in the order in which they were accepted. */
export class MemoryLog implements EventLog {
  readonly #clock: Clock;
  readonly #queues: LocalQueues;
  readonly #ring: EventRingBuffer;
  readonly #nonHistoricalIds: NonHistoricalIds;

  constructor({ clock, queues }: MemoryLogDependencies, keep: number) {
    this.#clock = clock;
    this.#queues = queues;
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
    this.#queues.route(event, now);
    return { event, duplicate: false };
  }

  async get(id: string): Promise<Event | undefined> {
    return this.#ring.get(id);
  }

  async query(query: HistoryQuery, options: LogPageOptions): Promise<LogPage> {
    const { limit = defaultPageSize, order = "newest" } = options;
    const upTo = Number(options.upTo ?? this.#ring.end);
    const from = decodeCursor(options.cursor, order);
    const kept =
      order === "newest" ? this.#ring.newestFirst(Math.min(from ?? upTo + 1, upTo + 1)) : this.#ring.oldestFirst(from);
    const { items, ...next } = takePage(wanted(kept, historyFilter(query), upTo), limit, order);
    return { events: items, ...next };
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

  /** Keeps an event as accepted at its time, and routes it to nobody. One that is kept already is left as it is. */
  record({ event, acceptedAt }: RecordedEvent): void {
    if (this.#ring.get(event.id) === undefined) this.#ring.push(event, acceptedAt);
  }

  /** Everything kept, oldest first. */
  all(): Iterable<RecordedEvent> {
    return this.#ring.oldestFirst();
  }

  /** Puts what `change` makes of each event with one of the ids in its place. */
  replace(ids: ReadonlySet<string>, change: (event: Event) => Event): void {
    this.#ring.replace(ids, change);
    this.#nonHistoricalIds.replace(ids, change);
  }

  clear(): void {
    this.#ring.clear();
    this.#nonHistoricalIds.clear();
  }
}

/** Lazily, so that no more is tried than a page needs. */
function* wanted(
  kept: Iterable<PositionedEvent>,
  wants: (event: Event, acceptedAt: number) => boolean,
  upTo: number,
): Generator<PositionedEvent> {
  for (const entry of kept) {
    if (entry.position > upTo) return;
    if (wants(entry.event, entry.acceptedAt)) yield entry;
  }
}
