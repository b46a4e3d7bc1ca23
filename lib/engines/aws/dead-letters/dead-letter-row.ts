import * as z from "zod";
import { bodyPrefixes } from "../../../aws-shared/index.ts";
import type { DeadLetter } from "../../../engine/delivery.ts";
import { BusError } from "../../../error/bus-error.ts";
import { failureSchema } from "../../../error/failure.ts";
import { parseEvent } from "../history/event-rows.ts";
import { type Key, postingPk, timeKey } from "../history/keys.ts";
import type { Row } from "../history/row.ts";

/**
 * Shards of the list of all dead letters: whatever becomes one at once goes there, while the other lists grow more slowly than
 * 1,000 a second. All lists are read newest first.
 */
export const allShards = 4;

export type List = "subscription" | "correlationId" | "eventId";
const listNames = { subscription: "dead-s", correlationId: "dead-f", eventId: "dead-e" } as const;

export function allPk(shard: number): string {
  return `dead#${shard}`;
}

export function listPk(list: List, value: string): string {
  return postingPk(listNames[list], value);
}

/** The key of a dead letter's own row. */
export function deadLetterKey(id: string): Key {
  return { pk: `dead-letter#${id}`, sk: "dead-letter" };
}

/** A dead letter's position by the time at which it came to be. */
export function positionOf({ deadAt, id }: DeadLetter): string {
  return `${timeKey(Date.parse(deadAt))}.${id}`;
}

/** The id in such a position. */
export function idIn(position: string): string {
  return position.slice(14);
}

/** Its key in the bucket if it is large. */
export function bodyKey(id: string): string {
  return `${bodyPrefixes.deadLetters}${encodeURIComponent(id)}`;
}

/** Its rows in the lists. */
export function listRows(deadLetter: DeadLetter): Row[] {
  const { event, id, subscription } = deadLetter;
  const shard = [...id].reduce((sum, char) => sum + char.charCodeAt(0), 0) % allShards;
  const pks = [
    allPk(shard),
    listPk("correlationId", event.metadata.correlationId),
    listPk("eventId", event.id),
    ...(subscription === undefined ? [] : [listPk("subscription", subscription)]),
  ];
  return pks.map((pk) => ({ pk, sk: positionOf(deadLetter) }));
}

const deadLetterSchema = z.object({
  id: z.string(),
  subscription: z.string().exactOptional(),
  replayId: z.string().exactOptional(),
  event: z.string(),
  reason: failureSchema,
  attempts: z.number(),
  failures: z.array(failureSchema),
  acceptedAt: z.string(),
  deadAt: z.string(),
});

export function formatDeadLetter(deadLetter: DeadLetter): string {
  return JSON.stringify({ ...deadLetter, event: JSON.stringify(deadLetter.event) });
}

/** `unavailable` where the text is not a dead letter. */
export function parseDeadLetter(text: string, where: string): DeadLetter {
  try {
    const { event, ...deadLetter } = deadLetterSchema.parse(JSON.parse(text));
    return { ...deadLetter, event: parseEvent(event, where) };
  } catch (thrown) {
    throw new BusError(
      "unavailable",
      `the dead letter in row ${where} of the history table is not one that this version of Waggle wrote; delete the row`,
      { cause: thrown, retryable: false },
    );
  }
}
