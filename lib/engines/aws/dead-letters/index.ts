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
import type { AwsDependencies, DeadLetterTable } from "../dependencies.ts";
import { Bodies } from "../history/bodies.ts";
import { decodeCursor, encodeCursor } from "../history/cursor.ts";
import { endKey, firstKey, timeKey } from "../history/keys.ts";
import { merge } from "../history/merge.ts";
import { type Item, keyOf } from "../history/row.ts";
import { Table } from "../history/table.ts";
import {
  allPk,
  allShards,
  bodyKey,
  deadLetterKey,
  formatDeadLetter,
  idIn,
  listPk,
  listRows,
  parseDeadLetter,
  positionOf,
} from "./dead-letter-row.ts";

/** Dead letters read at a time. */
const batch = 100;

/** Dead letters in the history table; they stay until somebody redrives or discards them. */
export function createDeadLetterTable(dependencies: AwsDependencies): DeadLetterTable {
  return new DeadLettersInTable(dependencies);
}

class DeadLettersInTable implements DeadLetterTable {
  readonly #dependencies: AwsDependencies;
  readonly #table: Table;
  readonly #bodies: Bodies;

  constructor(dependencies: AwsDependencies) {
    this.#dependencies = dependencies;
    this.#table = new Table(dependencies);
    this.#bodies = new Bodies(dependencies);
  }

  async put(deadLetter: DeadLetter): Promise<void> {
    const fields = await this.#bodies.pack(formatDeadLetter(deadLetter), bodyKey(deadLetter.id));
    // All or nothing: one that a list has not got would be found by its id alone.
    await this.#table.putTogether({ ...deadLetterKey(deadLetter.id), fields }, listRows(deadLetter));
  }

  async list(query: DeadLetterQuery, page: PageOptions): Promise<DeadLetterPage> {
    const limit = page.limit ?? defaultPageSize;
    const matches = deadLetterFilter(query);
    const deadLetters: DeadLetter[] = [];
    let last = "";
    for await (const deadLetter of this.#newestFirst(query, decodeCursor(page.cursor), limit)) {
      if (!matches(deadLetter)) continue;
      if (deadLetters.length === limit) return { deadLetters, cursor: encodeCursor(last) };
      deadLetters.push(deadLetter);
      last = positionOf(deadLetter);
    }
    return { deadLetters };
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const item = await this.#table.get(deadLetterKey(id), { consistent: true });
    return item === undefined ? undefined : this.#read(item);
  }

  async delete(id: string): Promise<boolean> {
    const item = await this.#table.get(deadLetterKey(id), { consistent: true });
    if (item === undefined) return false;
    const deleted = await this.#table.deleteTogether(deadLetterKey(id), listRows(await this.#read(item)));
    if (deleted) await this.#bodies.remove(item);
    return deleted;
  }

  count(subscription: string): Promise<number> {
    return this.#table.count(listPk("subscription", subscription));
  }

  /** From the list that says most, the dead letters before a position. */
  async *#newestFirst(query: DeadLetterQuery, before: string, expected: number): AsyncGenerator<DeadLetter> {
    const since = queryTime(query.since, "since");
    const until = queryTime(query.until, "until");
    const from = since === undefined ? firstKey : timeKey(Math.ceil(since));
    const end = until === undefined ? endKey : timeKey(Math.ceil(until));
    const to = end < before ? end : before;
    const pageSize = Math.min(expected + 1, batch);
    const lists = pksOf(query).map((pk) => this.#positions({ pk, from, to, newestFirst: true, pageSize }));
    let positions: string[] = [];
    for await (const position of merge(lists, (one, other) => one > other)) {
      positions.push(position);
      if (positions.length < pageSize) continue;
      yield* await this.#readAll(positions);
      positions = [];
    }
    yield* await this.#readAll(positions);
  }

  async *#positions(span: Parameters<Table["query"]>[0]): AsyncGenerator<string[], void, void> {
    for await (const items of this.#table.query({ ...span, consistent: true })) {
      yield items.map((item) => keyOf(item).sk);
    }
  }

  /** Those that are there and can be read: one broken row must not hide the others. */
  async #readAll(positions: readonly string[]): Promise<DeadLetter[]> {
    const items = await this.#table.getAll(
      positions.map((position) => deadLetterKey(idIn(position))),
      { consistent: true },
    );
    const deadLetters = await Promise.all(
      items.map((item) =>
        this.#read(item).catch((thrown: unknown) => {
          this.#dependencies.onError(toBusError(thrown));
          return undefined;
        }),
      ),
    );
    return deadLetters
      .filter((deadLetter) => deadLetter !== undefined)
      .sort((one, other) => (positionOf(one) < positionOf(other) ? 1 : -1));
  }

  async #read(item: Item): Promise<DeadLetter> {
    return parseDeadLetter(await this.#bodies.unpack(item), keyOf(item).pk);
  }
}

function pksOf({ correlationId, eventId, subscription }: DeadLetterQuery): string[] {
  if (eventId !== undefined) return [listPk("eventId", eventId)];
  if (correlationId !== undefined) return [listPk("correlationId", correlationId)];
  if (subscription !== undefined) return [listPk("subscription", subscription)];
  return Array.from({ length: allShards }, (_, shard) => allPk(shard));
}
