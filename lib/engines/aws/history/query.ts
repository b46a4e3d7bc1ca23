import { defaultPageSize, type HistoryQuery, type Page, type PageOptions } from "../../../engine/queries.ts";
import type { Event } from "../../../event/event.ts";
import { eventIdNames } from "../../../event/event.ts";
import { historyFilter } from "../../../history/history-filter.ts";
import { typeMatcher } from "../../../pattern/type-names.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { EventReader } from "./event-reader.ts";
import type { EventRows } from "./event-rows.ts";
import { effectsOf, type Field, fields, nearMs, offTimeValue } from "./fields.ts";
import { endKey, firstKey, keyTime, postingPk, timeKey, typesPk } from "./keys.ts";
import type { Placed } from "./posting-plan.ts";
import { PostingRegions } from "./postings.ts";
import { allOf, anyOf, between, points, type Regions } from "./regions.ts";
import { keyOf } from "./row.ts";
import type { Table } from "./table.ts";

/** Types that a wildcard may stand for before all events are read through in their stead. */
const mostTypes = 40;
/** Events of a flow that are expected, which says how much is read at once. */
const wholeFlow = 100;

/** Finds events by what a query says. */
export class Queries {
  readonly #table: Table;
  readonly #rows: EventRows;
  readonly #reader: EventReader;

  constructor(table: Table, rows: EventRows, reader: EventReader) {
    this.#table = table;
    this.#rows = rows;
    this.#reader = reader;
  }

  async page(query: HistoryQuery, options: PageOptions): Promise<Page> {
    const limit = options.limit ?? defaultPageSize;
    const before = decodeCursor(options.cursor);
    const events: Event[] = [];
    let last = before;
    for await (const { event, key } of this.#select(query, before, limit)) {
      if (events.length === limit) return { events, cursor: encodeCursor(last) };
      events.push(event);
      last = key;
    }
    return { events };
  }

  /** A flow's events in order of acceptance. */
  async flow(correlationId: string): Promise<Event[]> {
    const events: Event[] = [];
    for await (const { event } of this.#select({ correlationId }, endKey, wholeFlow)) events.push(event);
    return events.reverse();
  }

  /** All events accepted between two times, in milliseconds; the newest first. */
  between(from: number, to: number): AsyncGenerator<Placed, void, void> {
    return this.#reader.read(between(timeKey(from), timeKey(to)), endKey);
  }

  /** The rows narrow down, the filter has the last word. */
  async *#select(query: HistoryQuery, before: string, expected: number): AsyncGenerator<Placed, void, void> {
    const wants = historyFilter(query);
    const consistent = isConsistent(query);
    const regions = allOf(await this.#conditions(query));
    for await (const placed of this.#reader.read(regions, before, { expected, consistent })) {
      if (wants(placed.event, keyTime(placed.key))) yield placed;
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
