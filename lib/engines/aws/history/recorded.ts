import type { EventHead } from "../../../engine/log-selection.ts";
import { batchShards, keyTime, logShard, timeKey } from "./keys.ts";
import { parseLogRow } from "./log.ts";
import type { Table } from "./table.ts";

/** What the log says about an event. */
export interface RecordedHead extends EventHead {
  /** Its position in the order of acceptance. */
  readonly key: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
  /** When it was recorded, in milliseconds since 1970. */
  readonly recordedAt: number;
}

/**
 * What was recorded between two times, in milliseconds since 1970, about the newest first: the log's rows alone, a tenth of
 * what the events take. Each part is what one request of each shard gives.
 */
export async function* recordedBetween(
  table: Pick<Table, "query">,
  { since, until }: { readonly since: number; readonly until: number },
): AsyncGenerator<readonly RecordedHead[], void, void> {
  const span = { from: timeKey(since), to: timeKey(until), newestFirst: true };
  let left = Array.from({ length: batchShards }, (_, shard) => table.query({ pk: logShard(shard), ...span }));
  while (left.length > 0) {
    const parts = await Promise.all(left.map(async (pages) => ({ pages, page: await pages.next() })));
    left = parts.flatMap(({ pages, page }) => (page.done === true ? [] : [pages]));
    const heads = parts.flatMap(({ page }) => (page.done === true ? [] : page.value.flatMap((item) => headsOf(item))));
    if (heads.length > 0) yield heads;
  }
}

function headsOf(item: Parameters<typeof parseLogRow>[0]): RecordedHead[] {
  const { at, entries } = parseLogRow(item);
  return entries.flatMap(({ key, head }) =>
    head === undefined ? [] : [{ ...head, key, id: key.slice(14), acceptedAt: keyTime(key), recordedAt: at }],
  );
}
