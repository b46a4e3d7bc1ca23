import type { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import type { HistoryPageOptions, HistoryQuery, StatsQuery, StatsRow } from "./queries.ts";

/** An event to append. */
export interface Entry {
  /** The event, validated and frozen. */
  readonly event: Event;
  /** Whether the caller gave the id: only then can it have been appended before. */
  readonly ownId: boolean;
  /** Whether history keeps it. One that it does not keep is stored until it is delivered. */
  readonly history: boolean;
  /** Whether a handler publishes it: then it never waits, and is never refused, for a full publish queue. */
  readonly inHandler: boolean;
  /** Milliseconds since 1970 at which another log accepted it: see {@link EventLog.takeOver}. Default: now. */
  readonly acceptedAt?: number;
  /** The transaction of the caller in which it is to be appended: see {@link EventLog.appendIn}. */
  readonly tx?: unknown;
}

/** What became of an entry. */
export interface Appended {
  /** The stored event: the earlier one where `duplicate`. */
  readonly event: Event;
  /** Whether the id was stored before, with the same content. */
  readonly duplicate: boolean;
}

/** A stretch of another log, such as a partition of a topic, whose events this log takes over: see {@link EventLog.takeOver}. */
export interface Takeover {
  /** Names the part of the other log: 1 to 300 characters. */
  readonly feed: string;
  /** Where the feed stands, as {@link EventLog.feeds} says; `undefined` where nothing of it was taken over yet. */
  readonly from: number | undefined;
  /** Where it stands afterwards: 0 to 2^53. */
  readonly to: number;
  /** The events in between, in the order of the feed; at most 1,000. */
  readonly entries: readonly Entry[];
}

/** A position in the order of acceptance: of two positions of one engine the later is the greater (`<`). */
export type Position = number | string;

/** An event of the log. */
export interface RecordedEvent {
  /** The event as it was published. */
  readonly event: Event;
  /** Milliseconds since 1970 at which the log took it. */
  readonly acceptedAt: number;
}

/** An event of the log with its position. */
export interface LogEntry extends RecordedEvent {
  /** Its place in the order of acceptance. */
  readonly position: Position;
}

/** One page of a query; no cursor means the end. */
export interface LogPage {
  /** The events of this page, in the order asked for. */
  readonly events: RecordedEvent[];
  /** Opaque; gets the next page. Absent on the last page. */
  readonly cursor?: string;
}

/** How a query is paged. */
export interface LogPageOptions extends HistoryPageOptions {
  /** The end of the log, as `position` gave it just before the first page: what was accepted after it is left out. */
  readonly upTo?: Position;
}

/** What was read, and the position after the last event that was looked at. */
export interface LogRead {
  /** Oldest first. */
  readonly events: readonly LogEntry[];
  /** Where the next read goes on. */
  readonly position: Position;
  /**
   * Whether nothing comes after the position as of this read: then the reader waits for a change before it reads again.
   * Absent: the reader reads again until the position stays the same.
   */
  readonly atEnd?: boolean;
}

/** Events that a reader of the log looks for: those that have one of the values of each list that is given. */
export interface LogSelection {
  /** Type names; `*` matches any run of characters. */
  readonly types?: readonly string[];
  /** Values of `source`. */
  readonly sources?: readonly string[];
  /** Correlation ids. */
  readonly flows?: readonly string[];
}

/** What a position is asked for: the end, as of the call itself; just after an event; or just before what was accepted at a time. */
export type PositionOf =
  | "end"
  | {
      /** An event of history. */
      readonly eventId: string;
    }
  | {
      /** Milliseconds since 1970. */
      readonly time: number;
    };

/**
 * The events of a bus in order of acceptance, each as it was published and frozen at all levels. Methods reject with BusError only: `unavailable` where the store fails,
 * `closed` after `close`.
 */
export interface EventLog {
  /**
   * Stores an event and one delivery of it for each subscription that wants it, all or nothing, and resolves once both are
   * kept for good. Who wants it is decided within the same step: by a {@link Router} over the stored subscriptions, or by
   * the service. With the capability `delay` no delivery is handed over before `metadata.deliverAt`. `conflict` where the id
   * is stored with other content; `throttled` where too many publishes wait.
   */
  append(entry: Entry): Appended | Promise<Appended>;
  /**
   * The same within a transaction of the caller's: the event is accepted when and if that commits. Present where the engine
   * can. `invalid_config` where `tx` is not a transaction that it knows.
   */
  appendIn?(entry: Entry, tx: unknown): Promise<Appended>;
  /**
   * Takes over what another log has accepted: stores the events, each with its deliveries, and where the feed stands, in one step,
   * so that each is taken over once, whoever tries and however often. `undefined` where the feed does not stand at `from`: then
   * nothing is stored. Else what became of each entry; one that is refused, as `append` would, is left out. Present where the
   * engine can be mounted as the store of another one.
   */
  takeOver?(takeover: Takeover): Promise<readonly (Appended | BusError)[] | undefined>;
  /** Where each feed stands. Present with `takeOver`. */
  feeds?(): Promise<ReadonlyMap<string, number>>;
  /** `undefined` where history does not have it. */
  get(id: string): Promise<Event | undefined>;
  /**
   * What history has of what a query wants. A cursor is valid for the same query and order, and while events arrive; one of
   * the other order, or of another bus, is refused: `invalid_config`, see {@link unknownCursor}.
   */
  query(query: HistoryQuery, page: LogPageOptions): Promise<LogPage>;
  /** `not_found` where an event's position is asked for that history does not have. */
  position(of: PositionOf): Promise<Position>;
  /**
   * Events of history after a position, oldest first, at most `limit`. The position stays the same where there is nothing.
   * Only events of the selections are `wanted`, all where absent. An engine for which reading an event costs something leaves
   * the others out, and passes them by with the position; any other may ignore it: the readers check each event.
   */
  readAfter(position: Position, limit: number, wanted?: readonly LogSelection[]): Promise<LogRead>;

  /** For speed: a flow's events of history, in order of acceptance. Without it they are queried by correlation id. */
  flow?(correlationId: string): Promise<RecordedEvent[]>;
  /** For speed: counts by type and window. Without it they are counted event by event. */
  stats?(query: StatsQuery): Promise<StatsRow[]>;
  /**
   * Says of an event whether this process had it by this call: then it is not new to it, even if its position comes after
   * the end as of the same call. Absent where what a process can have lies before the end.
   */
  recentlySeen?(): (event: Event) => boolean;
}
