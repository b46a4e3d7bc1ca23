import type { BusError } from "../error/bus-error.ts";
import type { Duration } from "../event/duration.ts";
import type { Draft, DraftMetadata, Event } from "../event/event.ts";

/** When a publish is delivered; at once where nothing is said. */
export type DeliveryTime =
  | { delay?: never; deliverAt?: never }
  | {
      /** No subscription gets it before this time has passed; at most 7 days. */
      delay: Duration;
      deliverAt?: never;
    }
  | {
      /** No subscription gets it before this time: RFC 3339 with an offset or a Date, at most 7 days ahead. */
      deliverAt: string | Date;
      delay?: never;
    };

/** What may be said of one publish besides its data and its time of delivery. */
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
  metadata?: DraftMetadata;
}

/** What may be said of one publish besides its data. */
export type PublishOptions = PublishFields & DeliveryTime;

/** What may be said of the publish of a draft, besides the draft. */
export type DraftPublishOptions = Pick<PublishFields, "dedupe"> & DeliveryTime;

/** A draft of any type that `Events` knows, with the data of that type, or of any `custom.*` type. */
export type DraftOf<Events> =
  | { [Type in keyof Events & string]: Draft<Type, Events[Type]> }[keyof Events & string]
  | Draft<`custom.${string}`>;

/** What became of one draft of a batch. */
export type PublishResult<E extends Event = Event> =
  | { ok: true; event: E }
  | { ok: false; error: BusError; draft: Draft };

/** What became of each draft, in the same order. */
export type PublishResults<Drafts extends readonly Draft[], Events> = {
  -readonly [Index in keyof Drafts]: PublishResult<EventOfDraft<Drafts[Index], Events>>;
};

type EventOfDraft<Given, Events> = Given extends { type: infer Type extends string }
  ? Event<Type, Type extends keyof Events ? Events[Type] : unknown>
  : Event;
