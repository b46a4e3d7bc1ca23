import { createHash, randomUUID } from "node:crypto";
import * as z from "zod";
import type { Bus } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { trackPublish } from "../delivery/track-publish.ts";
import { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import { mustBe } from "../error/must-be.ts";
import type { EventDefinition } from "../event/definition.ts";
import type { Draft, Event } from "../event/event.ts";
import { formatTime } from "../event/time.ts";
import { toDraft } from "../publish/emit.ts";
import { type PublishLater, publishLaterOf } from "../publish/publish-later.ts";
import { checkCallOptions, parseCallOptions } from "../runtime/call-options.ts";
import type {
  FlushOptions,
  Outbox,
  OutboxEntry,
  OutboxOptions,
  OutboxPage,
  OutboxQuery,
  OutboxState,
} from "./outbox.ts";
import { Relay, type RelayOptions, type RelayReport } from "./relay.ts";
import type { OutboxRecord, OutboxStore, StoredRecord } from "./store.ts";
import { storedEvent } from "./stored-event.ts";

/** What an outbox is made of. */
export interface CreateOutboxOptions<Tx, Result extends void | Promise<void>, Events> {
  /** Where it lies: {@link pgOutbox}, {@link sqliteOutbox}, or a store of your own. */
  readonly store: OutboxStore<Tx, Result>;
  /** Validates what is added, by its catalog and with its source, and is where the relay publishes. */
  readonly bus: Bus<Events>;
}

/** Creates an outbox. Throws `invalid_config` for a bus that `connect` did not make. */
export function createOutbox<Tx, Result extends void | Promise<void>, Events = RegisteredEvents>(
  options: CreateOutboxOptions<Tx, Result, Events>,
): Outbox<Tx, Result, Events> {
  checkCallOptions("createOutbox", options, ["store", "bus"]);
  const { bus, store } = options;
  const steps = publishLaterOf(bus);
  if (steps === undefined) {
    throw new BusError("invalid_config", `createOutbox: bus ${mustBe("what connect() resolves with", bus)}`);
  }
  const keepOrder = bus.engine.capabilities.has("ordered-publish");
  return asOutbox(new StoredOutbox<Tx, Result>(store, steps, keepOrder));
}

/** The class has one signature for what the overloads tell apart by type; what they give is the same value. */
function asOutbox<Tx, Result extends void | Promise<void>, Events>(
  outbox: StoredOutbox<Tx, Result>,
): Outbox<Tx, Result, Events> {
  return outbox as unknown as Outbox<Tx, Result, Events>;
}

const definitionOptions = ["key", "source", "time", "id", "dedupe", "metadata", "delay", "deliverAt"];
const draftOptions = ["key", "dedupe", "delay", "deliverAt"];
const longestKey = 256;
const querySchema = z.object({
  state: z.enum(["waiting", "failed"]).optional(),
  limit: z.int().min(1).max(1_000).default(100),
  cursor: z
    .string()
    .regex(/^[\w.#-]{1,128}$/, "must be that of a page before")
    .optional(),
});

const flushSchema = z.object({ signal: z.instanceof(AbortSignal).optional() });

class StoredOutbox<Tx, Result extends void | Promise<void>> {
  readonly #store: OutboxStore<Tx, Result>;
  readonly #bus: PublishLater;
  readonly #relay: Relay;

  constructor(store: OutboxStore<Tx, Result>, bus: PublishLater, keepOrder: boolean) {
    this.#store = store;
    this.#bus = bus;
    this.#relay = new Relay({ store, bus, keepOrder, owner: randomUUID(), failed: (thrown) => this.#failed(thrown) });
  }

  async create(): Promise<void> {
    await this.#call(() => this.#store.create());
  }

  add(tx: Tx, what: EventDefinition | Draft, dataOrOptions?: unknown, options?: unknown): Event | Promise<Event> {
    const { event, record } = this.#record(what, dataOrOptions, options);
    let added: Result;
    try {
      added = this.#store.add(tx, record);
    } catch (thrown) {
      throw this.#failed(thrown);
    }
    const wake = () => {
      this.#relay.expect();
      return event;
    };
    if (!(added instanceof Promise)) return wake();
    return trackPublish(
      added.then(wake, (thrown: unknown) => {
        throw this.#failed(thrown);
      }),
    );
  }

  #record(
    what: EventDefinition | Draft,
    dataOrOptions: unknown,
    options: unknown,
  ): { event: Event; record: OutboxRecord } {
    if (typeof what !== "object" || what === null) {
      throw new BusError(
        "invalid_event",
        `outbox.add: the event ${mustBe("a definition, or a draft such as { type, data }", what)}`,
      );
    }
    const isDefinition = "schema" in what;
    const { key, ...given } = readOptions(
      isDefinition ? options : dataOrOptions,
      isDefinition ? definitionOptions : draftOptions,
    );
    const { event, history } = this.#bus.prepare(isDefinition ? toDraft(what.type, dataOrOptions, given) : what, given);
    return {
      event,
      record: { id: event.id, key: keyOf(event, key), history, event: JSON.stringify(event) },
    };
  }

  relay(options: RelayOptions): Promise<void> {
    return this.#relay.run(options);
  }

  async flush(options: FlushOptions = {}): Promise<RelayReport> {
    const { signal } = parseCallOptions("outbox.flush", flushSchema, options);
    return this.#relay.flush(signal);
  }

  async state(): Promise<OutboxState> {
    const { failed, oldest, waiting } = await this.#call(() => this.#store.counts());
    return { waiting, failed, ...(oldest === undefined ? {} : { oldestAt: formatTime(oldest) }) };
  }

  async list(query: OutboxQuery = {}): Promise<OutboxPage> {
    const { cursor, limit, state } = parseCallOptions("outbox.list", querySchema, query);
    const records = await this.#call(() =>
      this.#store.list({
        ...(state === undefined ? {} : { state }),
        ...(cursor === undefined ? {} : { after: cursor }),
        limit: limit + 1,
      }),
    );
    const shown = records.slice(0, limit);
    const last = records.length > limit ? shown.at(-1) : undefined;
    return { entries: shown.map(entryOf), ...(last === undefined ? {} : { cursor: last.seq }) };
  }

  async retry(ids?: readonly string[]): Promise<string[]> {
    if (ids !== undefined) checkIds("retry", ids);
    const retried = await this.#call(() => this.#store.retry(ids));
    this.#relay.expect();
    return retried;
  }

  async discard(ids: readonly string[]): Promise<string[]> {
    checkIds("discard", ids);
    return this.#call(() => this.#store.discard(ids));
  }

  async #call<Value>(act: () => Promise<Value>): Promise<Value> {
    try {
      return await act();
    } catch (thrown) {
      throw this.#failed(thrown);
    }
  }

  #failed(thrown: unknown): BusError {
    if (thrown instanceof BusError) return thrown;
    const message = messageOf(thrown);
    const missing = /no such table|does not exist|non-existent table|resource not found/i.test(message)
      ? "; outbox.create() makes the table"
      : "";
    return new BusError("unavailable", `the outbox ${this.#store.name}: ${message}${missing}`, { cause: thrown });
  }
}

function readOptions(options: unknown, known: readonly string[]): OutboxOptions {
  if (options === undefined) return {};
  checkCallOptions("outbox.add", options, known);
  return { ...options };
}

function checkIds(call: string, ids: unknown): void {
  if (Array.isArray(ids) && ids.every((id) => typeof id === "string")) return;
  throw new BusError("invalid_config", `outbox.${call}: the ids ${mustBe("a list of texts", ids)}`);
}

function keyOf({ metadata, type }: Event, given: unknown): string {
  const key = given ?? metadata.correlationId;
  if (typeof key !== "string" || key === "" || (given !== undefined && key.length > longestKey)) {
    throw new BusError("invalid_event", `${type}: key ${mustBe(`a string of 1 to ${longestKey} characters`, key)}`);
  }
  // A database may hold no NUL in a text, and nothing long in an index.
  if (key.length <= longestKey && !key.includes("\u0000")) return key;
  return `#${createHash("sha256").update(key).digest("base64")}`;
}

function entryOf({ added, due, error, event, history: _, seq: _seq, ...record }: StoredRecord): OutboxEntry {
  const read = readEvent(event);
  return {
    ...record,
    addedAt: formatTime(added),
    ...(due === undefined ? {} : { dueAt: formatTime(due) }),
    ...(error === undefined ? {} : { error: { ...error, at: formatTime(error.at) } }),
    ...(read === undefined ? {} : { type: read.type, event: read }),
  };
}

function readEvent(json: string): Event | undefined {
  try {
    return storedEvent(json);
  } catch {
    return undefined;
  }
}
