import { createHash } from "node:crypto";
import { type Opened, openEnvelope } from "../../../aws-shared/index.ts";
import { deadLetterOfUnpublished } from "../../../delivery/dead-letter.ts";
import type { DeadLetter } from "../../../engine/delivery.ts";
import { toBusError } from "../../../error/bus-error.ts";
import type { Catalog } from "../../../event/catalog.ts";
import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import { invalidEventDeadLetterId } from "./ids.ts";

/** An event that is not valid for its type, and why. */
export type InvalidEvent = Opened & { readonly ok: false };

/** Opens what a queue brought; text that is not an envelope becomes an event that holds it. Never throws. */
export function openMessage(body: string, sentMs: number, catalog: Catalog): Opened {
  try {
    return openEnvelope(body, catalog, sentMs);
  } catch (thrown) {
    return { ok: false, error: toBusError(thrown, "invalid_event"), event: unreadable(body, sentMs) };
  }
}

/**
 * The dead letter of an invalid event: the same, by its id, for every subscription and recorder that sees the event. It has no
 * subscription: the event is at fault, and each that it was meant for sees the same.
 */
export function invalidEventDeadLetter({ error, event }: InvalidEvent, sentMs: number, nowMs: number): DeadLetter {
  const reason = { code: error.code, message: error.message, at: formatTime(nowMs), attempt: 0 };
  const stamp = { id: invalidEventDeadLetterId(event), acceptedAt: sentMs, deadAt: nowMs };
  return deadLetterOfUnpublished(event, reason, stamp);
}

function unreadable(body: string, sentMs: number): Event {
  const id = `unreadable-${createHash("sha256").update(body).digest("hex").slice(0, 32)}`;
  return {
    id,
    type: "custom.unreadable",
    source: "waggle",
    time: formatTime(sentMs),
    data: { stored: body },
    metadata: { version: 1, correlationId: id, priority: 5 },
  };
}
