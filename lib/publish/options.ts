import type { BusError } from "../error/bus-error.ts";
import type { DataOfType, TypeName } from "../event/data-types.ts";
import type { Duration } from "../event/duration.ts";
import type { Draft, DraftMetadata, Event } from "../event/event.ts";

/** When an event is delivered; by default at once. */
export type DeliveryTime =
  | {
      /** Excludes `deliverAt`. */
      delay?: never;
      /** Excludes `delay`. */
      deliverAt?: never;
    }
  | {
      /** How long no subscription receives the event, from the publish: at most 7 days. */
      delay: Duration;
      /** Excluded by `delay`. */
      deliverAt?: never;
    }
  | {
      /** No subscription receives the event before this time: RFC 3339 with an offset or a Date, at most 7 days ahead. */
      deliverAt: string | Date;
      /** Excluded by `deliverAt`. */
      delay?: never;
    };

/** The options of one publish, without its time of delivery. */
export interface PublishFields {
  /** The service or agent that publishes; default: the bus's own `source`. */
  source?: string;
  /** When it happened, RFC 3339; default: now. */
  time?: string;
  /** 1 to 128 printable ASCII characters; default: a new UUID v7. Published again, it is a duplicate. */
  id?: string;
  /**
   * Derives the id from the event being handled, the subscription and this key, so that a handler that is run again
   * does not publish twice. Outside a handler: from the source and this key. Excludes `id`.
   */
  dedupe?: string;
  /** Default: the cause, flow and trace of the event being handled; otherwise a flow of its own. */
  metadata?: DraftMetadata;
  /**
   * A transaction of yours: the event is accepted when and if it commits. Only on an engine that can (postgres): a client of
   * `pg` in a transaction, or what an adapter of `wagglebus/postgres` makes of another library's transaction.
   */
  tx?: unknown;
}

/** The options of `publish(definition, data, options)` and of `emit`. */
export type PublishOptions = PublishFields & DeliveryTime;

/** The options of `publish(draft, options)`: the draft itself has the other fields. */
export type DraftPublishOptions = Pick<PublishFields, "dedupe" | "tx"> & DeliveryTime;

/** A draft of any type that `Events` knows, with the data of that type, or of any type that needs no definition. */
export type DraftOf<Events> =
  | { [Type in keyof Events & string]: Draft<Type, Events[Type]> }[keyof Events & string]
  | Draft<Exclude<TypeName<Events>, keyof Events>>;

/** What became of one draft of `publishAll`. */
export type PublishResult<E extends Event = Event> =
  | {
      /** It was accepted. */
      ok: true;
      /** The event as it is stored; for a duplicate, the earlier one. */
      event: E;
    }
  | {
      /** It was refused, and nothing of it is stored. */
      ok: false;
      /** Why, as `publish` would have rejected. */
      error: BusError;
      /** The draft as it was given. */
      draft: Draft;
    };

/** A draft of each of these types, in the same order. */
export type DraftsOf<Types extends readonly string[], Events> = {
  readonly [Index in keyof Types]: Draft<Types[Index], DataOfType<Types[Index], Events>>;
};

/** What became of each draft, in the same order. */
export type PublishResults<Types extends readonly string[], Events> = {
  -readonly [Index in keyof Types]: PublishResult<EventOfType<Types[Index], Events>>;
};

type EventOfType<Type, Events> = Type extends string ? Event<Type, DataOfType<Type, Events>> : never;
