import { deadLetterFilter } from "../../../dead-letters/dead-letter-filter.ts";
import type { DeadLetter } from "../../../engine/delivery.ts";
import {
  type DeadLetterPage,
  type DeadLetterQuery,
  defaultPageSize,
  type PageOptions,
} from "../../../engine/queries.ts";
import { toBusError } from "../../../error/bus-error.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import type { AwsDependencies, DeadLetterStore } from "../dependencies.ts";
import { Bodies } from "../history/bodies.ts";
import { decodeCursor, encodeCursor } from "../history/cursor.ts";
import { endKey, firstKey, timeKey } from "../history/keys.ts";
import { merge } from "../history/merge.ts";
import { type Item, keyOf } from "../history/row.ts";
import { Table } from "../history/table.ts";
import {
  allParts,
  allPk,
  bucketPlace,
  formatLetter,
  idIn,
  letterKey,
  listPk,
  listRows,
  parseLetter,
  placeOf,
} from "./dead-letter-row.ts";

/** Dead letters read at a time. */
const batch = 100;

/** Dead letters in the history table; they stay until somebody redrives or discards them. */
export function createDeadLetterStore(parts: AwsDependencies): DeadLetterStore {
  return new LettersInTable(parts);
}

class LettersInTable implements DeadLetterStore {
  readonly #parts: AwsDependencies;
  readonly #table: Table;
  readonly #bodies: Bodies;

  constructor(parts: AwsDependencies) {
    this.#parts = parts;
    this.#table = new Table(parts);
    this.#bodies = new Bodies(parts);
  }

  async put(letter: DeadLetter): Promise<void> {
    const fields = await this.#bodies.pack(formatLetter(letter), bucketPlace(letter.id));
    // All or nothing: one that a list has not got would be found by its id alone.
    await this.#table.putTogether({ ...letterKey(letter.id), fields }, listRows(letter));
  }

  async list(query: DeadLetterQuery, page: PageOptions): Promise<DeadLetterPage> {
    const limit = page.limit ?? defaultPageSize;
    const matches = deadLetterFilter(query);
    const deadLetters: DeadLetter[] = [];
    let last = "";
    for await (const letter of this.#newestFirst(query, decodeCursor(page.cursor), limit)) {
      if (!matches(letter)) continue;
      if (deadLetters.length === limit) return { deadLetters, cursor: encodeCursor(last) };
      deadLetters.push(letter);
      last = placeOf(letter);
    }
    return { deadLetters };
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const item = await this.#table.get(letterKey(id), { consistent: true });
    return item === undefined ? undefined : this.#read(item);
  }

  async remove(id: string): Promise<boolean> {
    const item = await this.#table.get(letterKey(id), { consistent: true });
    if (item === undefined) return false;
    const removed = await this.#table.deleteTogether(letterKey(id), listRows(await this.#read(item)));
    if (removed) await this.#bodies.remove(item);
    return removed;
  }

  count(subscription: string): Promise<number> {
    return this.#table.count(listPk("subscription", subscription));
  }

  /** From the list that says most, the dead letters before a place. */
  async *#newestFirst(query: DeadLetterQuery, before: string, expected: number): AsyncGenerator<DeadLetter> {
    const since = queryTime(query.since, "since");
    const until = queryTime(query.until, "until");
    const from = since === undefined ? firstKey : timeKey(Math.ceil(since));
    const end = until === undefined ? endKey : timeKey(Math.ceil(until));
    const to = end < before ? end : before;
    const pageSize = Math.min(expected + 1, batch);
    const lists = pksOf(query).map((pk) => this.#places({ pk, from, to, newestFirst: true, pageSize }));
    let places: string[] = [];
    for await (const place of merge(lists, (one, other) => one > other)) {
      places.push(place);
      if (places.length < pageSize) continue;
      yield* await this.#readAll(places);
      places = [];
    }
    yield* await this.#readAll(places);
  }

  async *#places(span: Parameters<Table["query"]>[0]): AsyncGenerator<string[], void, void> {
    for await (const items of this.#table.query({ ...span, consistent: true })) {
      yield items.map((item) => keyOf(item).sk);
    }
  }

  /** Those that are there and can be read: one broken row must not hide the others. */
  async #readAll(places: readonly string[]): Promise<DeadLetter[]> {
    const items = await this.#table.getAll(
      places.map((place) => letterKey(idIn(place))),
      { consistent: true },
    );
    const letters = await Promise.all(
      items.map((item) =>
        this.#read(item).catch((thrown: unknown) => {
          this.#parts.onError(toBusError(thrown));
          return undefined;
        }),
      ),
    );
    return letters
      .filter((letter) => letter !== undefined)
      .sort((one, other) => (placeOf(one) < placeOf(other) ? 1 : -1));
  }

  async #read(item: Item): Promise<DeadLetter> {
    return parseLetter(await this.#bodies.unpack(item), keyOf(item).pk);
  }
}

function pksOf({ correlationId, eventId, subscription }: DeadLetterQuery): string[] {
  if (eventId !== undefined) return [listPk("eventId", eventId)];
  if (correlationId !== undefined) return [listPk("correlationId", correlationId)];
  if (subscription !== undefined) return [listPk("subscription", subscription)];
  return Array.from({ length: allParts }, (_, part) => allPk(part));
}
