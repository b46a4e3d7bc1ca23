import type { BusErrorCode } from "../error/bus-error.ts";
import type { Event, EventIds } from "../event/event.ts";
import type { DeadLetter } from "./delivery.ts";

/** Which recorded events are wanted; every field given must match. Times are RFC 3339 or a Date. */
export interface HistoryQuery extends EventIds {
  /** Exact type or types, `*` allowed. */
  type?: string | readonly string[];
  source?: string;
  correlationId?: string;
  causationId?: string;
  tag?: string | readonly string[];
  ids?: readonly string[];
  /** Accepted at or after, and before. */
  since?: string | Date;
  until?: string | Date;
  /** `time` at or after, and before. */
  happenedSince?: string | Date;
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
  events: Event[];
  cursor?: string;
}

/** Which dead letters are wanted; every field given must match. */
export interface DeadLetterQuery {
  subscription?: string;
  /** Exact type, `*` allowed. */
  type?: string;
  correlationId?: string;
  eventId?: string;
  /** The code of the reason. */
  code?: BusErrorCode;
  /** Died at or after, and before. */
  since?: string | Date;
  until?: string | Date;
}

/** Newest first; no cursor means the end. */
export interface DeadLetterPage {
  deadLetters: DeadLetter[];
  cursor?: string;
}

/** Over which time, in which windows. */
export interface StatsQuery {
  since?: string | Date;
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
  type: string;
  count: number;
}
