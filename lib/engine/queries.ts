import type { BusErrorCode } from "../error/bus-error.ts";
import type { Event, EventIds } from "../event/event.ts";
import type { DeadLetter } from "./delivery.ts";

/** Which recorded events are wanted; every field given must match. Times are RFC 3339 or a Date. */
export interface HistoryQuery extends EventIds {
  /** Exact type or types, `*` allowed. */
  type?: string | readonly string[];
  /** The service or agent that published it. */
  source?: string;
  /** The flow. */
  correlationId?: string;
  /** The event that caused it. */
  causationId?: string;
  /** A tag, or tags that it must all have. */
  tag?: string | readonly string[];
  /** Its id is one of these. */
  ids?: readonly string[];
  /** Accepted at or after this time. */
  since?: string | Date;
  /** Accepted before this time. */
  until?: string | Date;
  /** Happened, by its own `time`, at or after this time. */
  happenedSince?: string | Date;
  /** Happened, by its own `time`, before this time. */
  happenedUntil?: string | Date;
}

/** Events or dead letters on a page where no limit is given. */
export const defaultPageSize = 100;

/** One page of what was asked, and how to get the next. */
export interface PageOptions {
  /** 1 to 1,000; default 100. */
  limit?: number;
  /** From the page before; valid for the same query, and while events arrive. */
  cursor?: string;
}

/** How a query of history is paged. */
export interface HistoryPageOptions extends PageOptions {
  /** By acceptance; default `newest`, which comes first then. A cursor is valid for the order that it was given for. */
  order?: "newest" | "oldest";
}

/** Events in the order asked for; no cursor means the end. */
export interface Page {
  /** The events of this page. */
  events: Event[];
  /** Get the next page with it; absent on the last page. */
  cursor?: string;
}

/** Which dead letters are wanted; every field given must match. */
export interface DeadLetterQuery {
  /** The subscription in which it failed. */
  subscription?: string;
  /** Exact type, `*` allowed. */
  type?: string;
  /** The flow of its event. */
  correlationId?: string;
  /** The id of its event. */
  eventId?: string;
  /** The code of the reason. */
  code?: BusErrorCode;
  /** Dead-lettered at or after this time. */
  since?: string | Date;
  /** Dead-lettered before this time. */
  until?: string | Date;
}

/** Newest first; no cursor means the end. */
export interface DeadLetterPage {
  /** The dead letters of this page. */
  deadLetters: DeadLetter[];
  /** Get the next page with it; absent on the last page. */
  cursor?: string;
}

/** Which events are counted, and in which windows. Times are RFC 3339 or a Date. */
export interface StatsQuery {
  /** Accepted at or after this time; default: from the oldest event on. */
  since?: string | Date;
  /** Accepted before this time; default: up to now. */
  until?: string | Date;
  /** Length of a window, in whole minutes: `"1m"`, `"1h"`, `"1d"` or milliseconds. One window over all where absent. */
  window?: number | string;
  /** Exact type, `*` allowed. */
  type?: string;
}

/** How many events of a type were accepted in a window. */
export interface StatsRow {
  /** RFC 3339: the window's start; absent where one window covers all. */
  from?: string;
  /** The type that was counted. */
  type: string;
  /** Number of events accepted in the window. */
  count: number;
}
