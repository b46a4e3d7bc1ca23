import { type DeadDelivery, deadLetterOf, processEndedFailure } from "../../../delivery/dead-letter.ts";
import type { DeadLetter, Failure } from "../../../engine/delivery.ts";
import { deliveryDeadLetterId } from "../dead-letters/ids.ts";
import type { DeadLetterTable } from "../dependencies.ts";
import type { Row } from "./row.ts";
import type { Rows } from "./rows.ts";

/** A delivery that is out of attempts. How many were made its row says; `failures` are those before the last. */
export interface ExhaustedDelivery extends Omit<DeadDelivery, "attempt"> {
  readonly pk: string;
  /** The claim that ends so, or how its row was seen; undefined where it has none. */
  readonly from: string | Row | undefined;
  readonly reason: Failure;
  /** The dead letter that its message was redriven from. */
  readonly redrivenFrom?: string | undefined;
  /** Milliseconds for which the handler ran; absent where it did not, or nobody knows. */
  readonly ranMs?: number | undefined;
  /** Milliseconds for which it is remembered that it is dead. */
  readonly rememberMs: number;
}

export interface DeadLetterDependencies {
  readonly rows: Rows;
  readonly deadLetters: Pick<DeadLetterTable, "put">;
  readonly now: () => number;
  readonly nextId: () => string;
}

/**
 * Makes a delivery a dead letter: first nobody may run it any more, then the dead letter is kept, then the delivery is dead.
 * After a crash between any two of these, whoever meets the delivery next goes on and writes the same dead letter. Undefined
 * where another was faster.
 */
export async function makeDeadLetter(
  { rows, deadLetters, now, nextId }: DeadLetterDependencies,
  { pk, from, reason, redrivenFrom, ranMs, rememberMs, ...delivery }: ExhaustedDelivery,
): Promise<DeadLetter | undefined> {
  const { subscription, event, failures } = delivery;
  const by = nextId();
  const { ok, row } = await rows.beginDeadLetter(pk, from, by, [...failures, reason], redrivenFrom);
  if (!ok || row === undefined) return undefined;
  const id = deliveryDeadLetterId({
    subscription,
    eventId: event.id,
    replayId: event.metadata.replay?.id,
    redriveGeneration: row.redriveGeneration,
  });
  const deadLetter = deadLetterOf({ ...delivery, attempt: row.attempts }, reason, { id, deadAt: now() });
  await deadLetters.put(deadLetter);
  await rows.finishDeadLetter(pk, by, rememberMs, { acceptedAt: delivery.acceptedAt, ranMs });
  return deadLetter;
}

/** How the last attempt of a row failed, apart from the ones before; undefined where none is known to have failed. */
export function lastFailure(
  subscription: string,
  row: Row,
  nowMs: number,
): Pick<ExhaustedDelivery, "failures" | "reason"> | undefined {
  if (row.state === "running") {
    return { failures: row.failures, reason: processEndedFailure(subscription, row.attempts, nowMs) };
  }
  const reason = row.failures.at(-1);
  return reason === undefined ? undefined : { failures: row.failures.slice(0, -1), reason };
}
