import type { DeadLetter, Failure } from "../../../engine/delivery.ts";
import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import { deliveryDeadLetterId } from "../dead-letters/ids.ts";
import type { DeadLetterStore } from "../dependencies.ts";
import type { Row } from "./row.ts";
import type { Rows } from "./rows.ts";

/** A delivery that is out of attempts. */
export interface DeadDelivery {
  readonly pk: string;
  readonly subscription: string;
  readonly event: Event;
  readonly acceptedAt: number;
  /** The claim that ends so, or how its row was seen; undefined where it has none. */
  readonly from: string | Row | undefined;
  /** Oldest first. */
  readonly earlier: readonly Failure[];
  readonly reason: Failure;
  /** The dead letter that its message was redriven from. */
  readonly redrivenFrom?: string | undefined;
  /** Milliseconds for which it is remembered that it is dead. */
  readonly rememberMs: number;
}

export interface DeadLetterDependencies {
  readonly rows: Rows;
  readonly deadLetters: Pick<DeadLetterStore, "put">;
  readonly now: () => number;
  readonly nextId: () => string;
}

/**
 * Makes a delivery a dead letter: first nobody may run it any more, then the letter is kept, then the delivery is dead. After
 * a crash between any two of these whoever meets the delivery next goes on, and writes the same letter. Undefined where
 * another was faster.
 */
export async function deadLetter(
  { rows, deadLetters, now, nextId }: DeadLetterDependencies,
  died: DeadDelivery,
): Promise<DeadLetter | undefined> {
  const { pk, subscription, event, earlier, reason } = died;
  const by = nextId();
  const failures = [...earlier, reason];
  const { ok, row } = await rows.beginDeadLetter(pk, died.from, by, failures, died.redrivenFrom);
  if (!ok || row === undefined) return undefined;
  const letter: DeadLetter = {
    id: deliveryDeadLetterId({
      subscription,
      eventId: event.id,
      replayId: event.metadata.replay?.id,
      round: row.round,
    }),
    subscription,
    event,
    reason,
    attempts: row.attempts,
    failures,
    acceptedAt: formatTime(died.acceptedAt),
    deadAt: formatTime(now()),
  };
  await deadLetters.put(letter);
  await rows.deadLetter(pk, by, died.rememberMs);
  return letter;
}

/** The failure of an attempt whose run is taken to have died: its lease ran out. */
export function processEnded(subscription: string, attempt: number, nowMs: number): Failure {
  return {
    code: "process_ended",
    message: `subscription ${subscription}: the process that ran attempt ${attempt} ended before the handler did`,
    at: formatTime(nowMs),
    attempt,
  };
}

/** How the last attempt of a row failed, apart from the ones before; undefined where none is known to have failed. */
export function lastFailure(
  subscription: string,
  row: Row,
  nowMs: number,
): Pick<DeadDelivery, "earlier" | "reason"> | undefined {
  if (row.state === "running")
    return { earlier: row.failures, reason: processEnded(subscription, row.attempts, nowMs) };
  const reason = row.failures.at(-1);
  return reason === undefined ? undefined : { earlier: row.failures.slice(0, -1), reason };
}
