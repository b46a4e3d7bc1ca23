import * as z from "zod";
import type { DeadLetter } from "../engine/delivery.ts";
import { BusError } from "../error/bus-error.ts";
import { failureSchema } from "../error/failure.ts";
import { messageOf } from "../error/message-of.ts";
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
  const deadLetter = z.object({
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
  return z.union([deadLetter, elsewhere]);
});

type Message = z.infer<ReturnType<typeof message>>;

/** The message of the publisher's dead-letter queue that carries the dead letter of an event that was never published. */
export function toUnpublishedMessage({ id, ...rest }: DeadLetter): string {
  return messageText({ schema: 1, deadLetterId: id, ...rest });
}

/** The message for one above `maxMessageBytes`: that one is the object under this key. */
export function toUnpublishedPointer(bodyKey: string): string {
  return messageText({ schema: 1, bodyKey });
}

/**
 * Reads a message of the publisher's dead-letter queue: the dead letter, or the key of the object in the bodies bucket whose
 * text is the message. `invalid_event` where it is neither.
 */
export function parseUnpublished(text: string): { readonly deadLetter: DeadLetter } | { readonly bodyKey: string } {
  let parsed: Message;
  try {
    parsed = message().parse(JSON.parse(text));
  } catch (thrown) {
    throw new BusError(
      "invalid_event",
      `the message is not a dead letter of a publisher (${messageOf(thrown)}); only Waggle's publishers may send to this queue`,
      { cause: thrown },
    );
  }
  if ("bodyKey" in parsed) return { bodyKey: parsed.bodyKey };
  const { schema: _schema, deadLetterId, ...rest } = parsed;
  return { deadLetter: { id: deadLetterId, ...rest } };
}
