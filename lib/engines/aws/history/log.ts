import * as z from "zod";
import type { AwsDependencies } from "../dependencies.ts";
import { batchShards, type Key, logShard, timeKey, ttlOf } from "./keys.ts";
import { type Item, keyOf, type Row, textsField } from "./row.ts";
import { allOrFirstError, type Table } from "./table.ts";

/** Keys of one row: it stays within a write unit of 1 KB. */
const keysOfRow = 15;
/** Milliseconds that recording may take before its row would come too far behind those of others. */
const lateMs = 5_000;

const keysSchema = z.object({ keys: textsField });

/** An event in the log and its position in the order in which it is read. */
export interface Logged {
  readonly key: string;
  readonly position: string;
}

/** A row of the log, in order of recording: which events a recorder has just written. */
export interface LogRow {
  /** Milliseconds since 1970, by the recorder's clock. */
  readonly at: number;
  readonly sk: string;
  readonly keys: readonly string[];
}

export function parseLogRow(item: Item): LogRow {
  const { sk } = keyOf(item);
  return { at: Number(sk.slice(0, 13)), sk, keys: keysSchema.parse(item).keys };
}

/** The rows of the log that a batch is to have. Each event's own row names its one, so that a repeated batch finds it. */
export class LogBatch {
  readonly #dependencies: AwsDependencies;
  readonly #table: Table;
  readonly #at: number;
  readonly #name: string;
  readonly #pk: string;

  constructor(dependencies: AwsDependencies, table: Table) {
    this.#dependencies = dependencies;
    this.#table = table;
    this.#at = dependencies.clock.now();
    this.#name = dependencies.nextId().slice(-12);
    this.#pk = logShard(Math.floor(dependencies.random() * batchShards));
  }

  /** Names the row of an event, by its index in the batch. */
  nameFor(index: number): string {
    const { pk, sk } = this.#key(this.#at, Math.floor(index / keysOfRow));
    return `${pk} ${sk}`;
  }

  /** Writes the rows. `keys` are those recorded, by their index in the batch. */
  async write(keys: ReadonlyMap<number, string>): Promise<void> {
    const now = this.#dependencies.clock.now();
    const at = now - this.#at > lateMs ? now : this.#at;
    const parts = new Map<number, string[]>();
    for (const [index, key] of keys) {
      const part = Math.floor(index / keysOfRow);
      parts.set(part, [...(parts.get(part) ?? []), key]);
    }
    const rows: Row[] = [...parts].map(([part, partKeys]) => ({
      ...this.#key(at, part),
      ttl: ttlOf(at, this.#dependencies.config.retentionMs),
      fields: { keys: { L: partKeys.sort().map((S) => ({ S })) } },
    }));
    await allOrFirstError(rows.map((row) => this.#put(row)));
  }

  /** Whether an answer was lost or a write refused, the row itself says: no other batch writes it. */
  async #put(row: Row): Promise<void> {
    try {
      await this.#table.put(row);
    } catch (thrown) {
      if ((await this.#table.get(row, { consistent: true })) === undefined) throw thrown;
    }
  }

  #key(at: number, part: number): Key {
    return { pk: this.#pk, sk: `${timeKey(at)}.${this.#name}.${part}` };
  }
}

/** The key of the row that a batch named for an event. */
export function logKey(name: string): Key {
  const [pk = "", sk = ""] = name.split(" ");
  return { pk, sk };
}
