import * as z from "zod";
import { bodyPrefixes } from "../../../aws-shared/index.ts";
import { BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import type { AwsDependencies } from "../dependencies.ts";
import { Bodies } from "./bodies.ts";
import { eventKey, keyInId, keyTime, pointerKey, ttlOf } from "./keys.ts";
import type { KeyedEvent } from "./posting-plan.ts";
import { type Item, keyOf, type Row, textField } from "./row.ts";
import type { Table } from "./table.ts";

const eventSchema = z.object({
  id: z.string(),
  type: z.string(),
  source: z.string(),
  time: z.string(),
  data: z.unknown(),
  metadata: z.looseObject({
    version: z.number(),
    correlationId: z.string(),
    priority: z.number(),
    tags: z.array(z.string()).optional(),
  }),
});
/** The field of an event's row that names the row of the log which lists it. */
export const logField = "log";
const logSchema = z.object({ [logField]: textField });
const pointerField = z.object({ key: textField });

/** The rows that hold the events, and those that lead to them from an id that says no time. */
export class EventRows {
  readonly #dependencies: AwsDependencies;
  readonly #table: Table;
  readonly #bodies: Bodies;

  constructor(dependencies: AwsDependencies, table: Table) {
    this.#dependencies = dependencies;
    this.#table = table;
    this.#bodies = new Bodies(dependencies);
  }

  /** The row of an event. `log` names the row of the log that is to list it. */
  async row({ event, key }: KeyedEvent, log: string): Promise<Row> {
    const { retentionMs } = this.#dependencies.config;
    const bodyKey = `${bodyPrefixes.events}${encodeURIComponent(key)}`;
    return {
      ...eventKey(key),
      ttl: ttlOf(keyTime(key), retentionMs),
      fields: { [logField]: { S: log }, ...(await this.#bodies.pack(JSON.stringify(event), bodyKey)) },
    };
  }

  async read(item: Item): Promise<KeyedEvent> {
    const { sk } = keyOf(item);
    return { event: parseEvent(await this.#bodies.unpack(item), sk), key: sk };
  }

  /** Those that can be read: one broken row must not hide the others. */
  async readAll(items: readonly Item[]): Promise<KeyedEvent[]> {
    const read = await Promise.all(
      items.map((item) =>
        this.read(item).catch((thrown: unknown) => {
          this.#dependencies.onError(toBusError(thrown));
          return undefined;
        }),
      ),
    );
    return read.filter((one) => one !== undefined);
  }

  /** The events of these keys that are there, the newest first. */
  async byKeys(keys: readonly string[], options: { consistent?: boolean } = {}): Promise<KeyedEvent[]> {
    const items = await this.#table.getAll([...new Set(keys)].map(eventKey), options);
    const read = await this.readAll(items);
    return read.sort((one, other) => (one.key < other.key ? 1 : -1));
  }

  /** Where events with these ids may be: what the ids themselves say, and where the table leads. */
  async keysOf(ids: readonly string[], options: { consistent?: boolean } = {}): Promise<string[]> {
    const unique = [...new Set(ids)];
    const pointers = await this.#table.getAll(unique.map(pointerKey), options);
    return [...unique.flatMap((id) => keyInId(id) ?? []), ...pointers.map(pointedTo)];
  }
}

/** The name of the row of the log that lists an event, or is to. */
export function logOf(item: Item): string {
  return logSchema.parse(item)[logField];
}

/** Where a pointer leads. */
export function pointedTo(item: Item): string {
  return pointerField.parse(item).key;
}

/** Reads a stored event; frozen on all levels, as one that was just published. `unavailable`. */
export function parseEvent(text: string, where: string): Event {
  try {
    const value: unknown = JSON.parse(text);
    const { tags, ...metadata } = eventSchema.parse(value).metadata;
    const { id, type, source, time, data } = eventSchema.parse(value);
    return freeze({ id, type, source, time, data, metadata: { ...metadata, ...(tags === undefined ? {} : { tags }) } });
  } catch (thrown) {
    throw new BusError(
      "unavailable",
      `the event in row ${where} of the history table is not one that Waggle wrote; delete the row`,
      { cause: thrown, retryable: false },
    );
  }
}

function freeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) freeze(inner);
  return Object.freeze(value);
}
