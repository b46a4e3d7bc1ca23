import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { failureSchema } from "../error/failure.ts";
import { messageOf } from "../error/message-of.ts";
import type { Event } from "../event/event.ts";
import { lazy } from "../event/lazy.ts";
import { messageText } from "./message-text.ts";

/** Where in the bodies bucket a publisher puts a dead letter that is larger than a message; all that it may write there. */
export const unpublishedBodies = "unpublished/";

const message = lazy(() => {
  const event = z.object({
    id: z.string().min(1),
    type: z.string(),
    source: z.string(),
    time: z.string(),
    data: z.unknown(),
    metadata: z.looseObject({ version: z.number(), correlationId: z.string(), priority: z.number() }),
  });
  const letter = z.object({
    schema: z.literal(1),
    deadLetterId: z.string().min(1),
    event,
    reason: failureSchema,
    attempts: z.number(),
    failures: z.array(failureSchema),
    acceptedAt: z.string(),
    deadAt: z.string(),
  });
  const elsewhere = z.object({ schema: z.literal(1), bodyKey: z.string().startsWith(unpublishedBodies) });
  return z.union([letter, elsewhere]);
});

type Message = z.infer<ReturnType<typeof message>>;
type Failed = Readonly<Extract<Message, { deadLetterId: string }>["reason"]>;

/** A dead letter of an event that could not be published: it belongs to no subscription. */
export interface Unpublished {
  readonly id: string;
  readonly event: Event;
  /** The last failure. */
  readonly reason: Failed;
  /** Attempts made to publish it. */
  readonly attempts: number;
  /** Oldest first. */
  readonly failures: readonly Failed[];
  /** RFC 3339: when it was to be published, and when that was given up. */
  readonly acceptedAt: string;
  readonly deadAt: string;
}

/** The message of the publisher's dead-letter queue that carries a dead letter. */
export function toUnpublishedMessage({ id, ...rest }: Unpublished): string {
  return messageText({ schema: 1, deadLetterId: id, ...rest });
}

/** The message in place of one above `maxMessageBytes`: that one is the object under this key. */
export function toUnpublishedPointer(bodyKey: string): string {
  return messageText({ schema: 1, bodyKey });
}

/**
 * Reads a message of the publisher's dead-letter queue: the dead letter, or the key of the object in the bodies bucket whose
 * text is the message. `invalid_event` where it is neither.
 */
export function parseUnpublished(text: string): { readonly letter: Unpublished } | { readonly bodyKey: string } {
  let parsed: Message;
  try {
    parsed = message().parse(JSON.parse(text));
  } catch (thrown) {
    throw new BusError(
      "invalid_event",
      `the message is no dead letter of a publisher (${messageOf(thrown)}); only Waggle's publishers may send to this queue`,
      { cause: thrown },
    );
  }
  if ("bodyKey" in parsed) return { bodyKey: parsed.bodyKey };
  const { schema: _schema, deadLetterId, ...rest } = parsed;
  return { letter: { id: deadLetterId, ...rest } };
}
