import { createHash } from "node:crypto";
import type { Event } from "../../../event/event.ts";

/** Which delivery became a dead letter, and after which redrive: each has a `redriveGeneration` of its own. */
export interface DeadLetterKey {
  readonly subscription: string;
  readonly eventId: string;
  /** The replay that it belonged to. */
  readonly replayId?: string | undefined;
  /** Absent until it is redriven. */
  readonly redriveGeneration?: string | undefined;
}

/**
 * The id of a delivery's dead letter. The same end gives the same id, so that one that is written twice (after a crash, or by
 * two that saw it) is one; the end of a redriven delivery gives another.
 */
export function deliveryDeadLetterId({ subscription, eventId, replayId, redriveGeneration }: DeadLetterKey): string {
  return idFrom(["delivery", subscription, eventId, replayId ?? "", redriveGeneration ?? ""]);
}

/**
 * The id of the dead letter of an event that is not valid for its type: from the event alone, so that it is one dead letter
 * however many subscriptions and recorders see it.
 */
export function invalidEventDeadLetterId(event: Event): string {
  return idFrom(["invalid", event.id, event.type, event.source, JSON.stringify(event.data)]);
}

/**
 * The id of the dead letter of an event that the bus took and could not process: from its message, as the same event may be
 * published again and fail again before the first dead letter is removed.
 */
export function unprocessedEventDeadLetterId(messageId: string): string {
  return idFrom(["bus", messageId]);
}

/** A UUID, version 8 (RFC 9562: one's own), from a hash of all parts. */
function idFrom(parts: readonly string[]): string {
  const bytes = createHash("sha256").update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
