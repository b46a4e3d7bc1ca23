import type { EventLog, LogEntry, LogSelection, Position, RecordedEvent } from "../../engine/event-log.ts";
import { BusError } from "../../error/bus-error.ts";
import type { Catalog } from "../../event/catalog.ts";
import type { Event } from "../../event/event.ts";
import { historyFilter } from "../../history/history-filter.ts";
import type { LogReader } from "../../history/log-reader.ts";
import { compilePattern } from "../../pattern/index.ts";
import { type EventArguments, eventMetaKey, type Occurrence } from "./protocol.ts";

/** What events are served from: the log of a bus. */
export interface FeedSource {
  readonly log: EventLog;
  readonly reader: LogReader;
  readonly catalog: Catalog;
  /** Positions as texts. `decode` throws `invalid_config` for what is none, `not_found` for one of a log that is gone. */
  readonly cursors: { encode(position: Position): string; decode(text: string): Position };
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * A place in the log. The witness is an event at or before it: the oldest events are the first whose retention ends, so that as long as history
 * has the witness, nothing behind it is gone.
 */
export interface Place {
  readonly position: Position;
  /** Absent where history was empty. */
  readonly witness: string | undefined;
}

/** Where a subscription begins. */
export interface Beginning extends Place {
  /** Whether that is later than the client asked for: events may be gone. */
  readonly truncated: boolean;
}

/** What was read. */
export interface FeedRead extends Place {
  readonly events: readonly LogEntry[];
  readonly hasMore: boolean;
}

/** Events looked at for one read: a client of which few concern it is answered all the same. */
const mostLookedAt = 4_096;
const batchSize = 256;

/** Characters of JSON of one read, beyond which no further event is added. */
const mostText = 1_048_576;

/** Separates the parts of a cursor. */
const mark = "!";

/** The events of one subscription of a client: a type, and what narrows it. */
export class EventFeed {
  readonly name: string;
  readonly wanted: readonly LogSelection[];
  readonly #source: FeedSource;
  readonly #matches: (event: Event, acceptedAt: number) => boolean;

  /** Throws `invalid_pattern` for a wrong `where`. */
  constructor(source: FeedSource, name: string, { where, ...filters }: EventArguments) {
    this.name = name;
    this.#source = source;
    const inQuery = historyFilter({ ...filters, type: name });
    const inPattern = where === undefined ? () => true : compilePattern(where);
    this.#matches = (event, acceptedAt) => inQuery(event, acceptedAt) && inPattern(event);
    this.wanted = [
      {
        types: [name],
        ...(filters.source === undefined ? {} : { sources: [filters.source] }),
        ...(filters.correlationId === undefined ? {} : { flows: [filters.correlationId] }),
      },
    ];
  }

  matches({ event, acceptedAt }: RecordedEvent): boolean {
    return this.#matches(event, acceptedAt);
  }

  /** The end of the log without a cursor; else behind the cursor, but no further back than `maxAgeMs`. */
  async begin(cursor: string | undefined, maxAgeMs: number | undefined): Promise<Beginning> {
    const { log, now } = this.#source;
    if (cursor === undefined) {
      const position = await log.position("end");
      return { position, witness: await this.#witnessAt(position), truncated: false };
    }
    const from = await this.#decode(cursor);
    if (maxAgeMs === undefined) return from;
    const floor = await log.position({ time: Math.max(0, now() - maxAgeMs) });
    return floor > from.position ? { ...from, position: floor, truncated: true } : from;
  }

  /** Up to `limit` events behind a place. */
  async read({ position: from, witness: before }: Place, limit: number): Promise<FeedRead> {
    const events: LogEntry[] = [];
    let position = from;
    let witness = before;
    let lookedAt = 0;
    let size = 0;
    for (;;) {
      const read = await this.#source.log.readAfter(position, batchSize, this.wanted);
      for (const entry of read.events) {
        if (this.matches(entry)) {
          const length = JSON.stringify(entry.event).length;
          if (events.length > 0 && size + length > mostText) return { events, position, witness, hasMore: true };
          size += length;
          events.push(entry);
        }
        position = entry.position;
        witness = entry.event.id;
        if (events.length === limit) return { events, position, witness, hasMore: true };
      }
      const atEnd = read.atEnd ?? read.position === position;
      lookedAt += batchSize;
      position = read.position;
      if (atEnd || lookedAt >= mostLookedAt) {
        // The events that did not concern it have moved the place on.
        if (position !== from && events.length === 0) witness = (await this.#witnessAt(position)) ?? witness;
        return { events, position, witness, hasMore: !atEnd };
      }
    }
  }

  encode({ position, witness }: Place): string {
    const place = this.#source.cursors.encode(position);
    return witness === undefined ? place : place + mark + Buffer.from(witness).toString("base64url");
  }

  /** An event as it is sent, in the newest version of its type. */
  occurrence({ event: published }: Pick<RecordedEvent, "event">): Occurrence {
    const event = this.#newest(published);
    const { version, correlationId, causationId, agentId, tags } = event.metadata;
    return {
      eventId: event.id,
      name: event.type,
      timestamp: event.time,
      data: event.data,
      _meta: {
        [eventMetaKey]: {
          source: event.source,
          version,
          correlationId,
          ...(causationId === undefined ? {} : { causationId }),
          ...(agentId === undefined ? {} : { agentId }),
          ...(tags === undefined ? {} : { tags }),
        },
      },
    };
  }

  /** One that cannot be brought to the newest version is sent as it was published: its version says so, and nothing is held up. */
  #newest(event: Event): Event {
    try {
      return this.#source.catalog.upcast(event);
    } catch {
      return event;
    }
  }

  async #decode(cursor: string): Promise<Beginning> {
    const { cursors, log } = this.#source;
    const [place = "", text] = cursor.split(mark, 2);
    const witness = text === undefined ? undefined : Buffer.from(text, "base64url").toString();
    try {
      const position = cursors.decode(place);
      const isGone = witness !== undefined && (await log.get(witness)) === undefined;
      return { position, witness, truncated: isGone };
    } catch (thrown) {
      if (!(thrown instanceof BusError) || thrown.code !== "not_found") throw thrown;
      // The bus began anew: what it has now is all that can be served.
      return { position: await log.position({ time: 0 }), witness: undefined, truncated: true };
    }
  }

  /** The newest event, unless it came after a place. */
  async #witnessAt(position: Position): Promise<string | undefined> {
    const { log } = this.#source;
    const [newest] = (await log.query({}, { limit: 1 })).events;
    if (newest === undefined) return undefined;
    const { id } = newest.event;
    return (await log.position({ eventId: id })) <= position ? id : undefined;
  }
}
