import type { Event, EventIds } from "../event/event.ts";
import type { DeadLetter, PendingDelivery } from "./delivery.ts";

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

/** Newest first; no cursor means the end. */
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
  code?: string;
  /** Died at or after, and before. */
  since?: string | Date;
  until?: string | Date;
}

/** Newest first; no cursor means the end. */
export interface DeadLetterPage {
  deadLetters: DeadLetter[];
  cursor?: string;
}

/** One event of a flow with what it caused. */
export interface FlowNode {
  event: Event;
  /** Events whose `causationId` is this one's id, in order of acceptance. */
  children: FlowNode[];
}

/** All events that share a correlation id. */
export interface Flow {
  id: string;
  /** `running` while a delivery is under way; then `failed` if one of its deliveries is dead, else `completed`. */
  status: "running" | "completed" | "failed";
  /** Events whose cause is not in the flow, each with what followed. */
  roots: FlowNode[];
  /** How many events. */
  size: number;
  /** The first and the last `time` among its events, and the milliseconds between. */
  startedAt: string;
  lastAt: string;
  durationMs: number;
  pending: PendingDelivery[];
  deadLetters: DeadLetter[];
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

/** Where a replay goes, and whether it only counts. */
export interface ReplayOptions {
  /** A subscription's name, or `"*"` for all. */
  to: string;
  /** Default: history. */
  from?: "history";
  /** Count only. */
  dryRun?: boolean;
}

/** What a replay did, or would do. */
export interface ReplayReport {
  /** The mark that the replayed deliveries carry. */
  id: string;
  dryRun: boolean;
  /** Events selected. */
  events: number;
  /** Deliveries queued, by subscription: an event goes only to subscriptions that match it. */
  deliveries: Record<string, number>;
}

/** Which events a replay from the archive takes: it knows their times only. RFC 3339 or a Date; the archive has seconds. */
export interface ArchiveSelection {
  /** `time` at or after. */
  since: string | Date;
  /** `time` before. Default: now; what was published in the last ten minutes may not be in the archive yet. */
  until?: string | Date;
}

/** Where a replay from the archive goes. */
export interface ArchiveReplayOptions {
  /** A deployed subscription's name, or `"*"` for all of them. */
  to: string;
  from: "archive";
  /** Aborted, the replay is cancelled; what it has delivered by then stays. */
  signal?: AbortSignal;
  /** Told once it has started, and then whenever it has come further. */
  onProgress?: (progress: ArchiveReplayProgress) => void;
}

/** How far a replay from the archive has come. */
export interface ArchiveReplayProgress {
  /** The mark that the replayed deliveries carry. */
  id: string;
  /** RFC 3339: the `time` up to which it has come; absent before its first event. */
  replayedUntil?: string;
}

/** A replay from the archive that is complete. How many events it had, nobody tells. */
export interface ArchiveReplayReport {
  /** The mark that the replayed deliveries carry. */
  id: string;
  /** Subscriptions whose rules it went through, in the order of their names. An event goes only to those that match it. */
  to: string[];
  /** RFC 3339: the time that it covers. */
  since: string;
  until: string;
}

/** What a redrive or a discard did to each dead letter. */
export interface DeadLetterReport {
  done: string[];
  failed: { id: string; message: string }[];
}
