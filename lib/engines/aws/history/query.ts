import type { LogPage, LogPageOptions, RecordedEvent } from "../../../engine/event-log.ts";
import { defaultPageSize, type HistoryQuery } from "../../../engine/queries.ts";
import { eventIdNames } from "../../../event/event.ts";
import { historyFilter } from "../../../history/history-filter.ts";
import { typeMatcher } from "../../../pattern/type-names.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import type { AwsDependencies } from "../dependencies.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { EventReader } from "./event-reader.ts";
import type { EventRows } from "./event-rows.ts";
import { effectsOf, type Field, fields, nearMs, offTimeValue } from "./fields.ts";
import { endKey, firstKey, keyTime, postingPk, timeKey, typesPk } from "./keys.ts";
import { oldestFirst } from "./oldest-first.ts";
import type { KeyedEvent } from "./posting-plan.ts";
import { PostingRegions } from "./postings.ts";
import { allOf, anyOf, between, points, type Regions } from "./regions.ts";
import { keyOf } from "./row.ts";
import type { Table } from "./table.ts";

/** Types that a wildcard may stand for before all events are read through in their stead. */
const mostTypes = 40;
/** Events of a flow that are expected, which says how much is read at once. */
const wholeFlow = 100;

export interface QueriesDependencies extends Pick<AwsDependencies, "clock"> {
  readonly config: Pick<AwsDependencies["config"], "retentionMs">;
}

/** Finds events by what a query says. */
export class Queries {
  readonly #dependencies: QueriesDependencies;
  readonly #table: Table;
  readonly #rows: EventRows;
  readonly #reader: EventReader;

  constructor(dependencies: QueriesDependencies, table: Table, rows: EventRows, reader: EventReader) {
    this.#dependencies = dependencies;
    this.#table = table;
    this.#rows = rows;
    this.#reader = reader;
  }

  page(query: HistoryQuery, options: LogPageOptions): Promise<LogPage> {
    return options.order === "oldest" ? this.#oldestFirst(query, options) : this.#newestFirst(query, options);
  }

  /** A flow's events in order of acceptance. */
  async flow(correlationId: string): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const one of this.#select({ correlationId }, endKey, wholeFlow)) events.push(recorded(one));
    return events.reverse();
  }

  async #newestFirst(query: HistoryQuery, { limit = defaultPageSize, cursor, upTo }: LogPageOptions): Promise<LogPage> {
    const events: RecordedEvent[] = [];
    let last = cursor === undefined && upTo !== undefined ? timeKey(this.#now() + 1) : decodeCursor(cursor);
    for await (const one of this.#select(query, last, limit)) {
      if (events.length === limit) return { events, cursor: encodeCursor(last) };
      events.push(recorded(one));
      last = one.key;
    }
    return { events };
  }

  async #oldestFirst(query: HistoryQuery, { limit, cursor, upTo }: LogPageOptions): Promise<LogPage> {
    const page = await oldestFirst(query, {
      now: this.#now(),
      retentionMs: this.#dependencies.config.retentionMs,
      limit,
      cursor,
      endsNow: upTo !== undefined,
      select: (spanned, before, expected) => this.#select(spanned, before, expected),
    });
    return { ...page, events: page.events.map(recorded) };
  }

  #now(): number {
    return this.#dependencies.clock.now();
  }

  /** All events accepted between two times, in milliseconds; the newest first. */
  between(from: number, to: number): AsyncGenerator<KeyedEvent, void, void> {
    return this.#reader.read(between(timeKey(from), timeKey(to)), endKey);
  }

  /** The rows narrow down, the filter has the last word. */
  async *#select(query: HistoryQuery, before: string, expected: number): AsyncGenerator<KeyedEvent, void, void> {
    const wants = historyFilter(query);
    const consistent = isConsistent(query);
    const regions = allOf(await this.#conditions(query));
    for await (const one of this.#reader.read(regions, before, { expected, consistent })) {
      if (wants(one.event, keyTime(one.key))) yield one;
    }
  }

  async #conditions(query: HistoryQuery): Promise<Regions[]> {
    const since = queryTime(query.since, "since");
    const until = queryTime(query.until, "until");
    const from = since === undefined ? firstKey : timeKey(Math.ceil(since));
    const consistent = isConsistent(query);
    const conditions = [between(from, until === undefined ? endKey : timeKey(Math.ceil(until)))];
    const having = (field: Field, value: string) =>
      new PostingRegions(this.#table, { pk: postingPk(fields[field], value), from, consistent });

    if (query.ids !== undefined) conditions.push(points(await this.#rows.keysOf(query.ids)));
    const { causationId, correlationId, source } = query;
    if (correlationId !== undefined) {
      // The flow's first event is found by its id.
      const first = points(await this.#rows.keysOf([correlationId], { consistent }));
      conditions.push(anyOf([having("correlationId", correlationId), first]));
    }
    if (causationId !== undefined) {
      const soon = effectsOf(causationId);
      const posted = having("causationId", causationId);
      conditions.push(soon === undefined ? posted : anyOf([posted, between(timeKey(soon.from), timeKey(soon.to))]));
    }
    for (const name of eventIdNames) {
      const value = query[name];
      if (value !== undefined) conditions.push(having(name, value));
    }
    const tags = typeof query.tag === "string" ? [query.tag] : (query.tag ?? []);
    for (const tag of tags) conditions.push(having("tag", tag));
    if (source !== undefined) conditions.push(having("source", source));
    const types = await this.#types(query.type);
    if (types !== undefined) conditions.push(anyOf(types.map((type) => having("type", type))));
    const happened = happenedBetween(query);
    if (happened !== undefined) conditions.push(anyOf([happened, having("offTime", offTimeValue)]));
    return conditions;
  }

  /** The types that are wanted; undefined where there are too many of them, or all are wanted. */
  async #types(wanted: HistoryQuery["type"]): Promise<readonly string[] | undefined> {
    if (wanted === undefined) return undefined;
    const names = typeof wanted === "string" ? [wanted] : wanted;
    if (!names.some((name) => name.includes("*"))) return names.length > mostTypes ? undefined : names;
    if (names.includes("*")) return undefined;
    const matches = typeMatcher(names);
    const known = (await this.#table.all({ pk: typesPk, from: "\0", to: "\u{10ffff}" }))
      .map((item) => keyOf(item).sk)
      .filter(matches);
    return known.length > mostTypes ? undefined : known;
  }
}

function recorded({ event, key }: KeyedEvent): RecordedEvent {
  return { event, acceptedAt: keyTime(key) };
}

/**
 * Of a flow, who saw an event sees it again, and all that were recorded before it: one that waits for the last of its tasks
 * has to. A flow is small, so that it may cost twice; what is asked of all events may not.
 */
function isConsistent(query: HistoryQuery): boolean {
  return query.correlationId !== undefined;
}

/** Where events are that happened between the query's times and were accepted soon. */
function happenedBetween(query: HistoryQuery): Regions | undefined {
  const since = queryTime(query.happenedSince, "happenedSince");
  const until = queryTime(query.happenedUntil, "happenedUntil");
  if (since === undefined && until === undefined) return undefined;
  return between(
    since === undefined ? firstKey : timeKey(since - nearMs),
    until === undefined ? endKey : timeKey(until + nearMs + 1),
  );
}
