import { unknownCursor } from "../../../engine/errors.ts";
import { defaultPageSize, type HistoryQuery } from "../../../engine/queries.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import { endKey, keyTime, timeKey } from "./keys.ts";
import type { KeyedEvent } from "./posting-plan.ts";

/** Where paging stands; times in milliseconds since 1970. */
export interface OldestCursor {
  /** The key of the last event given, or a time up to which all was read. */
  readonly after: string;
  /** Events accepted from this time on are left out. */
  readonly end: number;
  /** Milliseconds that the next read takes in. */
  readonly span: number;
}

const form = /^o(\d{13}(?:\.[\x20-\x7e]{1,128})?)~(\d{1,13})~(\d{1,13})$/;

export function encodeOldestCursor({ after, end, span }: OldestCursor): string {
  return Buffer.from(`o${after}~${end}~${span}`).toString("base64url");
}

/** `invalid_config` for a cursor of something else. */
export function decodeOldestCursor(cursor: string): OldestCursor {
  const match = form.exec(Buffer.from(cursor, "base64url").toString("latin1"));
  const [, after = "", end, span] = match ?? [];
  const decoded = { after, end: Number(end), span: Number(span) };
  if (match !== null && encodeOldestCursor(decoded) === cursor) return decoded;
  throw unknownCursor(cursor);
}

const hourMs = 3_600_000;
/** Milliseconds after the first page up to which what is accepted is given, where `endsNow` does not say otherwise. */
const goesOnMs = 60_000;

/** What is paged, oldest first. */
export interface OldestFirstOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** For which history keeps events. */
  readonly retentionMs: number;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  /** Whether what is accepted after the first page is left out. */
  readonly endsNow: boolean;
  /** Reads what a query selects before a key, newest first, about so many. */
  select(query: HistoryQuery, before: string, expected: number): AsyncGenerator<KeyedEvent, void, void>;
}

/**
 * One page of what a query selects, oldest first. History is read newest first, so a read takes in a span of time that holds
 * few enough events to be reversed; the span adapts to how dense history is. A page may be short; no cursor is the end.
 */
export async function oldestFirst(
  query: HistoryQuery,
  options: OldestFirstOptions,
): Promise<{ events: KeyedEvent[]; cursor?: string }> {
  const limit = options.limit ?? defaultPageSize;
  let at = options.cursor === undefined ? begin(query, options) : decodeOldestCursor(options.cursor);
  /** Up to here, a read has met more than a page. */
  let full = Number.POSITIVE_INFINITY;
  for (;;) {
    const from = keyTime(at.after);
    const until = Math.min(at.end, from + at.span);
    const { events, more } = await inSpan(query, at.after, until, limit, options);
    if (more && until - from > 1) {
      full = until;
      at = { ...at, span: Math.ceil((until - from) / 4) };
      continue;
    }
    const last = events.at(-1);
    if (more && last !== undefined) return { events, cursor: encodeOldestCursor({ ...at, after: last.key }) };
    if (until >= at.end) return { events };
    // What is left before a time that is known to be too far is halved, not read again.
    const rest = Math.ceil((full - until) / 2);
    const span = Math.min(events.length < limit / 4 ? at.span * 4 : at.span, rest, at.end);
    at = { ...at, after: timeKey(until), span };
    if (events.length > 0) return { events, cursor: encodeOldestCursor(at) };
  }
}

function begin(query: HistoryQuery, { now, retentionMs, endsNow }: OldestFirstOptions): OldestCursor {
  const until = queryTime(query.until, "until") ?? Number.POSITIVE_INFINITY;
  // An hour more than history keeps: where nothing is, reading costs next to nothing.
  const since = queryTime(query.since, "since") ?? now - retentionMs - hourMs;
  const end = Math.min(until, endsNow ? now + 1 : now + goesOnMs);
  return { after: timeKey(since), end: Math.max(0, Math.ceil(end)), span: hourMs };
}

/**
 * Events after a key and before a time, oldest first, at most `limit`; `more` where there are others. Of a span that can be
 * shorter, it gives none then.
 */
async function inSpan(
  query: HistoryQuery,
  after: string,
  until: number,
  limit: number,
  { select }: OldestFirstOptions,
): Promise<{ events: KeyedEvent[]; more: boolean }> {
  const from = keyTime(after);
  if (from >= until) return { events: [], more: false };
  const spanned = { ...query, since: new Date(from), until: new Date(until) };
  const newestFirst: KeyedEvent[] = [];
  const isOneMs = until - from <= 1;
  for await (const one of select(spanned, endKey, limit)) {
    if (one.key <= after) break;
    newestFirst.push(one);
    // All of one millisecond are read, since the oldest of them come first.
    if (newestFirst.length > limit && !isOneMs) return { events: [], more: true };
  }
  const events = newestFirst.reverse();
  return { events: events.slice(0, limit), more: events.length > limit };
}
