import { acceptedAt } from "../../../aws-shared/index.ts";
import type { DeadLetter } from "../../../engine/delivery.ts";
import type { Catalog } from "../../../event/catalog.ts";
import type { Event } from "../../../event/event.ts";
import { markReplay } from "../../../replay/replay-mark.ts";
import { invalidEventDeadLetter, openMessage } from "../dead-letters/invalid-event.ts";
import type { QueueMessage } from "../dependencies.ts";

/** What a message brings, or the dead letter that it becomes. */
export type Read =
  | { readonly ok: true; readonly event: Event; readonly acceptedAt: number }
  | { readonly ok: false; readonly letter: DeadLetter };

/** Reads a message of a subscription's queue. Never throws. */
export function readMessage(message: QueueMessage, catalog: Catalog, nowMs: number): Read {
  const { body, sentMs, replayId, redrivenFrom } = message;
  const opened = openMessage(body, sentMs, catalog);
  if (!opened.ok) return { ok: false, letter: invalidEventDeadLetter(opened, sentMs, nowMs) };
  const { archiveReplay, event } = opened;
  const replay = replayId ?? archiveReplay;
  return {
    ok: true,
    event: replay === undefined ? event : markReplay(event, replay),
    // What was queued again waits since then.
    acceptedAt: replay === undefined && redrivenFrom === undefined ? acceptedAt(event, sentMs) : sentMs,
  };
}
