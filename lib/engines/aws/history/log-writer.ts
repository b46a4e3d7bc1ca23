import type { CountWriter } from "./counts.ts";
import { type LogBatch, type LogRows, overtaken } from "./log.ts";
import type { KeyedEvent } from "./posting-plan.ts";
import type { Item } from "./row.ts";

/** Times that a batch gets new rows of the log, since others or its own slowness made the last ones void. */
const mostRounds = 5;

/** Events of a batch, by their index in it. */
export type OfBatch<Value> = ReadonlyMap<number, Value>;

/** An event that was in the table before, and its row. */
export interface FoundEvent extends KeyedEvent {
  readonly item: Item;
}

/** Counts and logs events whose rows are written: each once, whoever else records it at the same time. */
export class LogWriter {
  readonly #counts: CountWriter;
  readonly #rows: LogRows;

  constructor(counts: CountWriter, rows: LogRows) {
    this.#counts = counts;
    this.#rows = rows;
  }

  /**
   * `fresh` events name rows of the batch. Of those `found` this logs what is not listed: its first recorder broke off, or is
   * slow. Gives what could not be logged: it is not counted, and has to come again. Rejects where nothing could be counted.
   */
  async write(first: LogBatch, fresh: OfBatch<KeyedEvent>, found: OfBatch<FoundEvent>): Promise<OfBatch<unknown>> {
    const failed = new Map<number, unknown>();
    const mine = new Map([...fresh, ...(await this.#claim(found, first, failed))]);
    if (mine.size === 0) return failed;
    const uncount = await this.#counts.add([...mine.values()]);
    const wrong = new Set([...mine.values()].map(({ key }) => key));
    let batch = first;
    let left: OfBatch<KeyedEvent> = mine;
    for (let round = 1; left.size > 0; round += 1) {
      const written = await batch.write(left);
      for (const [index, error] of written.failed) failed.set(index, error);
      const unlisted = new Set(written.unlisted);
      for (const [index, { key }] of left) if (!unlisted.has(index) && !failed.has(index)) wrong.delete(key);
      left = new Map([...left].filter(([index]) => unlisted.has(index)));
      if (round === mostRounds) {
        for (const [index, { event }] of left) failed.set(index, overtaken(event.id));
        break;
      }
      batch = this.#rows.batch();
      left = await this.#claim(left, batch, failed);
    }
    // Where this fails as well, the next batch that this process counts in the same minute puts it right.
    if (wrong.size > 0) await uncount(wrong).catch(() => {});
    return failed;
  }

  /** Those that name rows of the batch from now on. The others are listed, or failed. */
  async #claim<Work extends KeyedEvent & { readonly item?: Item }>(
    works: OfBatch<Work>,
    batch: LogBatch,
    failed: Map<number, unknown>,
  ): Promise<Map<number, Work>> {
    const claimed = new Map<number, Work>();
    await Promise.all(
      [...works].map(async ([index, work]) => {
        try {
          if (await this.#rows.claim(work.key, batch.nameFor(index), work.item)) claimed.set(index, work);
        } catch (thrown) {
          failed.set(index, thrown);
        }
      }),
    );
    return claimed;
  }
}
