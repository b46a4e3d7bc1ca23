import { acceptedAt } from "../../../aws-shared/index.ts";
import type { DeadLetter } from "../../../engine/delivery.ts";
import type { Catalog } from "../../../event/catalog.ts";
import type { Event } from "../../../event/event.ts";
import { markReplay } from "../../../replay/replay-mark.ts";
import { invalidEventDeadLetter, openMessage } from "../dead-letters/invalid-event.ts";
import type { QueueMessage } from "../dependencies.ts";

/** What a message brings, or the dead letter that it becomes. */
export type ReadMessage =
  | {
      readonly ok: true;
      readonly event: Event;
      /** Milliseconds since 1970. */
      readonly acceptedAt: number;
      /** The replay that the delivery belongs to. */
      readonly replayId: string | undefined;
    }
  | { readonly ok: false; readonly deadLetter: DeadLetter };

/** Reads a message of a subscription's queue. Never throws. */
export function readMessage(message: QueueMessage, catalog: Catalog, nowMs: number): ReadMessage {
  const { body, sentMs, redrivenFrom } = message;
  const opened = openMessage(body, sentMs, catalog);
  if (!opened.ok) return { ok: false, deadLetter: invalidEventDeadLetter(opened, sentMs, nowMs) };
  const { archiveReplay, event } = opened;
  const replayId = message.replayId ?? archiveReplay;
  return {
    ok: true,
    event: replayId === undefined ? event : markReplay(event, replayId),
    // What was queued again waits since then.
    acceptedAt: replayId === undefined && redrivenFrom === undefined ? acceptedAt(event, sentMs) : sentMs,
    replayId,
  };
}
