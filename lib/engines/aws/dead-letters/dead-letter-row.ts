import * as z from "zod";
import { bodyPrefixes } from "../../../aws-shared/index.ts";
import type { DeadLetter } from "../../../engine/delivery.ts";
import { BusError } from "../../../error/bus-error.ts";
import { failureSchema } from "../../../error/failure.ts";
import { parseEvent } from "../history/event-rows.ts";
import { type Key, postingPk, timeKey } from "../history/keys.ts";
import type { Row } from "../history/row.ts";

/**
 * The lists that a dead letter is in. All of them are read newest first. Everything that dies at once goes to `all`, so
 * that list has several parts; the others grow more slowly than 1,000 a second.
 */
export const allParts = 4;

export type List = "subscription" | "correlationId" | "eventId";
const listNames = { subscription: "dead-s", correlationId: "dead-f", eventId: "dead-e" } as const;

export function allPk(part: number): string {
  return `dead#${part}`;
}

export function listPk(list: List, value: string): string {
  return postingPk(listNames[list], value);
}

/** Where a dead letter itself lies. */
export function letterKey(id: string): Key {
  return { pk: `dead-letter#${id}`, sk: "letter" };
}

/** A dead letter's place in the order of death. */
export function placeOf({ deadAt, id }: DeadLetter): string {
  return `${timeKey(Date.parse(deadAt))}.${id}`;
}

/** The id in such a place. */
export function idIn(place: string): string {
  return place.slice(14);
}

/** Where it lies in the bucket if it is large. */
export function bucketPlace(id: string): string {
  return `${bodyPrefixes.deadLetters}${encodeURIComponent(id)}`;
}

/** Its rows in the lists. */
export function listRows(letter: DeadLetter): Row[] {
  const { event, id, subscription } = letter;
  const part = [...id].reduce((sum, char) => sum + char.charCodeAt(0), 0) % allParts;
  const pks = [
    allPk(part),
    listPk("correlationId", event.metadata.correlationId),
    listPk("eventId", event.id),
    ...(subscription === undefined ? [] : [listPk("subscription", subscription)]),
  ];
  return pks.map((pk) => ({ pk, sk: placeOf(letter) }));
}

const letterSchema = z.object({
  id: z.string(),
  subscription: z.string().exactOptional(),
  event: z.string(),
  reason: failureSchema,
  attempts: z.number(),
  failures: z.array(failureSchema),
  acceptedAt: z.string(),
  deadAt: z.string(),
});

export function formatLetter(letter: DeadLetter): string {
  return JSON.stringify({ ...letter, event: JSON.stringify(letter.event) });
}

/** `unavailable` where it is none. */
export function parseLetter(text: string, where: string): DeadLetter {
  try {
    const { event, ...letter } = letterSchema.parse(JSON.parse(text));
    return { ...letter, event: parseEvent(event, where) };
  } catch (thrown) {
    throw new BusError(
      "unavailable",
      `the dead letter in row ${where} of the history table is not one that this version of Waggle wrote; delete the row`,
      { cause: thrown, retryable: false },
    );
  }
}
