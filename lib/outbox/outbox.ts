import type { RegisteredEvents } from "../bus/register.ts";
import type { DataOfType, PublishData, TypeName } from "../event/data-types.ts";
import type { EventDefinition } from "../event/definition.ts";
import type { Draft, Event } from "../event/event.ts";
import type { DeliveryTime, PublishFields } from "../publish/options.ts";
import type { RelayOptions, RelayReport } from "./relay.ts";

/** What an entry of an outbox takes besides what a publish does. */
export interface OutboxKey {
  /**
   * Entries of one key are relayed one after the other, in the order in which they were added. 1 to 256 characters; default: the
   * flow of the event, its `correlationId`.
   */
  key?: string;
}

/** The options of `outbox.add(tx, definition, data, options)`. */
export type OutboxOptions = Omit<PublishFields, "tx"> & OutboxKey & DeliveryTime;

/** The options of `outbox.add(tx, draft, options)`: the draft itself has the other fields. */
export type OutboxDraftOptions = Pick<PublishFields, "dedupe"> & OutboxKey & DeliveryTime;

/** What `add` gives: a promise, unless the store adds in the call itself. */
export type OutboxAdded<Result, Added> = Result extends Promise<void> ? Promise<Added> : Added;

/** An event of an outbox that the bus does not have yet. */
export interface OutboxEntry {
  /** The id of the event. */
  readonly id: string;
  /** Its type; absent where the stored event cannot be read. */
  readonly type?: string;
  /** Entries of one key are relayed one after the other. */
  readonly key: string;
  /** `failed`: it is not tried again by itself. */
  readonly state: "waiting" | "failed";
  /** How often it was tried, without success. */
  readonly attempts: number;
  /** RFC 3339, UTC: when it was added. */
  readonly addedAt: string;
  /** RFC 3339, UTC: when it is tried again; absent: as soon as a relay runs. */
  readonly dueAt?: string;
  /** Why it failed last. */
  readonly error?: {
    /** The code of the error. */
    readonly code: string;
    /** The message of the error. */
    readonly message: string;
    /** RFC 3339, UTC: when. */
    readonly at: string;
  };
  /** The event; absent where it cannot be read. */
  readonly event?: Event;
}

/** One page of entries; no cursor means the end. */
export interface OutboxPage {
  /** In the order in which they were added. */
  readonly entries: OutboxEntry[];
  /** Opaque; gets the next page. */
  readonly cursor?: string;
}

/** Which entries are listed. */
export interface OutboxQuery {
  /** Only those in this state. */
  readonly state?: "waiting" | "failed";
  /** At most so many; 1 to 1,000, default 100. */
  readonly limit?: number;
  /** Of the previous page. */
  readonly cursor?: string;
}

/** How a flush runs. */
export interface FlushOptions {
  /** Ends it early: for a function whose time is limited. */
  readonly signal?: AbortSignal;
}

/** How much lies in an outbox. */
export interface OutboxState {
  /** Entries to be relayed. */
  readonly waiting: number;
  /** Entries that were set aside. */
  readonly failed: number;
  /** RFC 3339, UTC: when the oldest of the waiting ones was added; absent where there is none. */
  readonly oldestAt?: string;
}

/**
 * Events that are stored in transactions of the caller, and published once those have committed: each at least once, under one id,
 * so that the bus has it once.
 */
export interface Outbox<Tx, Result extends void | Promise<void>, Events = RegisteredEvents> {
  /** Makes the table, where it is not there yet. Rejects with `unavailable`. */
  create(): Promise<void>;
  /**
   * Validates an event as `bus.publish` does, and stores it in the transaction. Gives the event that will be published, if the
   * transaction commits. On SQLite it is stored in the call itself, and errors are thrown; elsewhere the promise rejects. Errors:
   * those of `bus.publish`, and `unavailable` where the database refuses.
   */
  add<Type extends string, Data>(
    tx: Tx,
    definition: EventDefinition<Type, Data>,
    data: PublishData<Data>,
    options?: OutboxOptions,
  ): OutboxAdded<Result, Event<Type, Data>>;
  /** The same for a draft. */
  add<Type extends TypeName<Events>>(
    tx: Tx,
    draft: Draft<Type, DataOfType<Type, Events>>,
    options?: OutboxDraftOptions,
  ): OutboxAdded<Result, Event<Type, DataOfType<Type, Events>>>;
  /**
   * Publishes what is in the outbox and what comes, until the signal fires: then it resolves, once what is under way has ended. Any
   * number of processes may do so; one at a time works. It goes on when the database or the bus fails, and tells `onError` of
   * the bus. Rejects with `closed` once the bus is closed.
   */
  relay(options: RelayOptions): Promise<void>;
  /**
   * Publishes what can be published now. Resolves once nothing is left of that, or the signal has fired and what was under way has
   * ended. Rejects with `unavailable` or `closed`.
   */
  flush(options?: FlushOptions): Promise<RelayReport>;
  /** How much lies in it. Rejects with `unavailable`. */
  state(): Promise<OutboxState>;
  /** What lies in it, in the order in which it was added. Rejects with `unavailable`. */
  list(query?: OutboxQuery): Promise<OutboxPage>;
  /** Has entries tried again at once: those of these ids, or all. Resolves with the ids. Rejects with `unavailable`. */
  retry(ids?: readonly string[]): Promise<string[]>;
  /** Deletes failed entries. Resolves with their ids. Rejects with `unavailable`. */
  discard(ids: readonly string[]): Promise<string[]>;
}
