import type { EventRows } from "./event-rows.ts";
import { eventShard, eventShards } from "./keys.ts";
import { merge } from "./merge.ts";
import type { KeyedEvent } from "./posting-plan.ts";
import { pointKey, type Region, type Regions } from "./regions.ts";
import type { Table } from "./table.ts";

/** Single events that are asked for at once: at first, and at most, as one request takes them. */
const fewest = 25;
const most = 100;

/** Reads events in order of acceptance, the newest first, and no further than it is asked. */
export class EventReader {
  readonly #table: Table;
  readonly #rows: EventRows;

  constructor(table: Table, rows: EventRows) {
    this.#table = table;
    this.#rows = rows;
  }

  /** The events in the regions, before a key. `expected` says about how many will be asked for; all where absent. */
  async *read(
    regions: Regions,
    before: string,
    { expected, consistent = false }: { expected?: number; consistent?: boolean } = {},
  ): AsyncGenerator<KeyedEvent, void, void> {
    let atOnce = Math.max(fewest, Math.min((expected ?? most) + 1, most));
    let keys: string[] = [];
    let region = await regions.next(before);
    while (region !== undefined) {
      const key = pointKey(region);
      if (key !== undefined) keys.push(key);
      if (key === undefined || keys.length === atOnce) {
        yield* await this.#rows.byKeys(keys, { consistent });
        keys = [];
        atOnce = most;
      }
      if (key === undefined) yield* this.#scan(region, expected, consistent);
      region = await regions.next(region.from);
    }
    yield* await this.#rows.byKeys(keys, { consistent });
  }

  /** All events of a region, from all shards. */
  #scan(
    { from, to }: Region,
    expected: number | undefined,
    consistent: boolean,
  ): AsyncGenerator<KeyedEvent, void, void> {
    const size = expected === undefined ? {} : { pageSize: Math.ceil((1.5 * expected) / eventShards) + 1 };
    const shards = Array.from({ length: eventShards }, (_, shard) => {
      return this.#pages({ pk: eventShard(shard), from, to, newestFirst: true, consistent, ...size });
    });
    return merge(shards, (one, other) => one.key > other.key);
  }

  async *#pages(span: Parameters<Table["query"]>[0]): AsyncGenerator<KeyedEvent[], void, void> {
    for await (const items of this.#table.query(span)) yield await this.#rows.readAll(items);
  }
}
