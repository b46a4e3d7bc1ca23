import { deadLetterOf } from "../../../delivery/dead-letter.ts";
import { failureCounts } from "../../../delivery/failure-counts.ts";
import type { EndedDelivery, Failure, Outcome } from "../../../engine/delivery.ts";
import { indexed } from "../publishing/event-columns.ts";
import type { ClaimedDelivery, ClaimedRow } from "./claimed-delivery.ts";

/** How an attempt ended, until it is recorded. */
export interface Settlement {
  readonly delivery: ClaimedDelivery;
  readonly outcome: Outcome;
  /** Milliseconds for which the handler ran; absent where it did not. */
  readonly ranMs: number | undefined;
  resolve(): void;
  reject(error: unknown): void;
}

/** A settlement as `work` takes it; `i` is its number in the statement. */
export function settlementRow({ delivery, outcome, ranMs }: Settlement, i: number, nextId: () => string): object {
  const { row } = delivery;
  const { seq, replay, owner, attempt } = row;
  const key = { i, sub: row.sub.id, seq, replay, owner, attempt, ordered: row.ordered };
  switch (outcome.kind) {
    case "done":
    case "dropped":
      return { ...key, kind: 0, ...endColumns(row, outcome.kind, ranMs, row.failures) };
    case "released":
      return {
        ...key,
        kind: 1,
        attempts: attempt - 1,
        delay: wholeMs(outcome.afterMs),
        failures: failuresColumn(row.failures),
      };
    case "retry":
      return {
        ...key,
        kind: 1,
        attempts: attempt,
        delay: wholeMs(outcome.afterMs),
        failures: failuresColumn([...row.failures, outcome.failure]),
      };
    case "dead":
      return {
        ...key,
        kind: 2,
        letter: letterColumns(delivery, outcome.failure, nextId()),
        ...endColumns(row, "dead", ranMs, [...row.failures, outcome.failure]),
      };
  }
}

/** What is noted of a delivery that has ended, apart from what its row says. */
function endColumns(
  { sub }: ClaimedRow,
  outcome: EndedDelivery["outcome"],
  ranMs: number | undefined,
  failures: readonly Failure[],
): object {
  const failed = failures.length === 0 ? null : failureCounts(failures);
  return { name: sub.record.name, outcome, ran: ranMs === undefined ? null : Math.round(ranMs), failed };
}

/** A fraction of a millisecond is rounded up: nothing comes before its time. */
function wholeMs(afterMs = 0): number {
  return Math.max(0, Math.ceil(afterMs));
}

function failuresColumn(failures: readonly Failure[]): string | null {
  return failures.length === 0 ? null : JSON.stringify(failures);
}

/** The columns of a dead letter but the time of its death, which is the server's. */
function letterColumns(delivery: ClaimedDelivery, reason: Failure, id: string): object {
  const letter = deadLetterOf(delivery, reason, { id, deadAt: 0 });
  const { event } = letter;
  return {
    id,
    subscription: letter.subscription,
    replay: letter.replayId,
    type: event.type,
    event_id: event.id,
    flow: indexed(event.metadata.correlationId),
    code: reason.code,
    accepted: delivery.acceptedAt,
    attempts: letter.attempts,
    body: JSON.stringify(event),
    reason: JSON.stringify(reason),
    failures: JSON.stringify(letter.failures),
  };
}

/** Milliseconds until a delivery may be claimed again; 0 where it may be at once, or has ended. */
export function delayOf(outcome: Outcome): number {
  return outcome.kind === "retry" || outcome.kind === "released" ? Math.ceil(outcome.afterMs ?? 0) : 0;
}

/** Whether a settlement makes a delivery ready: this one again, or the next of its key. */
export function mayMakeReady({ row }: ClaimedDelivery, outcome: Outcome): boolean {
  if (outcome.kind === "retry" || outcome.kind === "released") return delayOf(outcome) <= 0;
  return row.ordered;
}
