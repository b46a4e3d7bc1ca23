import * as z from "zod";
import { BusError } from "../../../error/bus-error.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { AwsDependencies } from "../dependencies.ts";
import { logField, logOf } from "./event-rows.ts";
import { batchShards, eventKey, type Key, keyTime, logShard, timeKey, ttlOf } from "./keys.ts";
import { decodeEntry, encodeEntry, type ListedEvent } from "./listed-event.ts";
import type { KeyedEvent } from "./posting-plan.ts";
import { type Item, keyOf, textsField } from "./row.ts";
import type { Table } from "./table.ts";

/** Events of one row: with names of the usual length it stays within a write unit of 1 KB. */
const eventsOfRow = 10;
/** Milliseconds that recording may take before its row would come too far behind those of others. */
const lateMs = 5_000;
/** Times that recorders may void each other's rows for one event. */
const mostClaims = 5;

/** `keys` is what an older version wrote. */
const schema = z.object({ e: textsField.optional(), keys: textsField.optional() });

/** An event in the log and its position in the order in which it is read. */
export interface Logged extends ListedEvent {
  readonly position: string;
}

/** A row of the log, in order of recording: which events a recorder has just written; none where it is void. */
export interface LogRow {
  /** Milliseconds since 1970, by the recorder's clock. */
  readonly at: number;
  readonly sk: string;
  readonly entries: readonly ListedEvent[];
}

export function parseLogRow(item: Item): LogRow {
  const { sk } = keyOf(item);
  const { e, keys } = schema.parse(item);
  return { at: keyTime(sk), sk, entries: (e ?? keys ?? []).map(decodeEntry) };
}

function entryOf({ event, key }: KeyedEvent): ListedEvent {
  return { key, head: { type: event.type, source: event.source, flow: event.metadata.correlationId } };
}

/** What became of the events of a batch, by their index in it. */
export interface LogWrite {
  /** Those whose row is not to be written any more: they need another. */
  readonly unlisted: readonly number[];
  /** Those whose row could not be written. */
  readonly failed: ReadonlyMap<number, unknown>;
}

/**
 * The rows of the log. A row is written once: by the recorder that chose its name, with its events, or, where that takes too
 * long, by another recorder of one of its events: then it is void, and lists nothing for ever. Each event's own row names the
 * row that is to list it, and names another only once that one is void. So the row that lists an event is the one it names,
 * and no other does, however many recorders have the event at once and wherever they break off.
 */
export class LogRows {
  readonly #dependencies: AwsDependencies;
  readonly #table: Table;

  constructor(dependencies: AwsDependencies, table: Table) {
    this.#dependencies = dependencies;
    this.#table = table;
  }

  /** Names for the rows of a batch. */
  batch(): LogBatch {
    return new LogBatch(this.#dependencies, this);
  }

  /**
   * Has the row of an event name a row of the log that is to be written; false where the one that it names lists the event.
   * `known` is the event's row as it was last read. `unavailable` where others do the same again and again.
   */
  async claim(key: string, name: string, known?: Item): Promise<boolean> {
    let item = known ?? (await this.#rowOf(key));
    for (let attempt = 0; attempt < mostClaims; attempt += 1) {
      const named = logOf(item);
      // A write whose answer was lost.
      if (named === name) return true;
      if (await this.lists(named, key)) return false;
      if (await this.#table.replaceText(item, logField, name)) return true;
      item = await this.#rowOf(key);
    }
    throw overtaken(key.slice(14));
  }

  async #rowOf(key: string): Promise<Item> {
    const item = await this.#table.get(eventKey(key), { consistent: true });
    if (item !== undefined) return item;
    throw new BusError("unavailable", `event ${key.slice(14)} is gone from the history table`);
  }

  /** Whether a row lists an event. Where it is not written, it is void from now on. */
  async lists(name: string, key: string): Promise<boolean> {
    const row = logKey(name);
    const item =
      (await this.#table.get(row, { consistent: true })) ??
      (await this.#table.putNew({ ...row, ttl: this.#ttl(), fields: fieldsOf([]) }));
    return item !== undefined && parseLogRow(item).entries.some((entry) => entry.key === key);
  }

  /** Writes a row; false where it is void. */
  async put(row: Key, entries: readonly ListedEvent[]): Promise<boolean> {
    const key = entries[0]?.key ?? "";
    try {
      const earlier = await this.#table.putNew({ ...row, ttl: this.#ttl(), fields: fieldsOf(entries) });
      // It may be this write, whose first answer was lost.
      return earlier === undefined || parseLogRow(earlier).entries.length > 0;
    } catch (thrown) {
      if (await this.lists(`${row.pk} ${row.sk}`, key)) return true;
      throw thrown;
    }
  }

  #ttl(): number {
    return ttlOf(this.#dependencies.clock.now(), this.#dependencies.config.retentionMs);
  }
}

/** The rows of the log that a batch is to have. */
export class LogBatch {
  readonly #clock: Clock;
  readonly #rows: Pick<LogRows, "put">;
  readonly #at: number;
  readonly #name: string;
  readonly #pk: string;

  constructor({ clock, nextId, random }: Pick<AwsDependencies, "clock" | "nextId" | "random">, rows: LogRows) {
    this.#clock = clock;
    this.#rows = rows;
    this.#at = clock.now();
    this.#name = nextId().slice(-12);
    this.#pk = logShard(Math.floor(random() * batchShards));
  }

  /** Names the row of an event, by its index in the batch. */
  nameFor(index: number): string {
    const { pk, sk } = this.#key(Math.floor(index / eventsOfRow));
    return `${pk} ${sk}`;
  }

  /** Writes the rows, where it is not too late, of the events that name them, by their index in the batch. */
  async write(events: ReadonlyMap<number, KeyedEvent>): Promise<LogWrite> {
    if (this.#clock.now() - this.#at > lateMs) return { unlisted: [...events.keys()], failed: new Map() };
    const parts = new Map<number, [number, ListedEvent][]>();
    for (const [index, event] of events) {
      const part = Math.floor(index / eventsOfRow);
      parts.set(part, [...(parts.get(part) ?? []), [index, entryOf(event)]]);
    }
    const unlisted: number[] = [];
    const failed = new Map<number, unknown>();
    await Promise.all(
      [...parts].map(async ([part, listed]) => {
        const indexes = listed.map(([index]) => index);
        const entries = listed.map(([, entry]) => entry).sort((one, other) => (one.key < other.key ? -1 : 1));
        try {
          if (!(await this.#rows.put(this.#key(part), entries))) unlisted.push(...indexes);
        } catch (thrown) {
          for (const index of indexes) failed.set(index, thrown);
        }
      }),
    );
    return { unlisted, failed };
  }

  #key(part: number): Key {
    return { pk: this.#pk, sk: `${timeKey(this.#at)}.${this.#name}.${part}` };
  }
}

/** An event whose row of the log others make void again and again. */
export function overtaken(id: string): BusError {
  return new BusError("unavailable", `event ${id} is being recorded by others at the same time; try again later`);
}

function fieldsOf(entries: readonly ListedEvent[]): Item {
  return { e: { L: entries.map((entry) => ({ S: encodeEntry(entry) })) } };
}

/** The key of the row that a batch named for an event. */
export function logKey(name: string): Key {
  const [pk = "", sk = ""] = name.split(" ");
  return { pk, sk };
}
