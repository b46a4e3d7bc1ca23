import type { Event } from "../../../event/event.ts";
import { formatTime } from "../../../event/time.ts";
import { markReplay } from "../../../replay/replay-mark.ts";
import { integer, optionalInteger, optionalText, parseEvent, type Row, readableFailures } from "../storage/rows.ts";
import type { Subscription } from "../subscriptions/subscription-cache.ts";
import { ClaimedDelivery } from "./claimed-delivery.ts";

/** A delivery that was claimed; `broken` is why its event cannot be read, where that is so. */
export interface ReadDelivery {
  readonly delivery: ClaimedDelivery;
  readonly broken?: unknown;
}

/** Reads a claimed row. One whose event cannot be read has an event that holds what is left of it. */
export function readClaimed(row: Row, sub: Subscription, owner: number): ReadDelivery {
  const seq = integer(row.seq);
  const acceptedAt = integer(row.queued);
  const replayId = optionalText(row.replay_id);
  const claimed = {
    sub,
    seq,
    replay: integer(row.replay),
    owner,
    attempt: integer(row.attempts),
    acceptedAt,
    failures: readableFailures(row.failures),
    redriven: row.redriven === true,
    replayId,
    ordered: optionalText(row.ordering) !== undefined,
  };
  try {
    const event = parseEvent(row.body);
    return { delivery: new ClaimedDelivery(claimed, replayId === undefined ? event : markReplay(event, replayId)) };
  } catch (thrown) {
    return { delivery: new ClaimedDelivery(claimed, unreadable(row, seq, acceptedAt)), broken: thrown };
  }
}

function unreadable({ body }: Row, seq: number, acceptedAt: number): Event {
  const id = `lost-${seq}`;
  return {
    id,
    type: "custom.unreadable",
    source: "waggle",
    time: formatTime(acceptedAt),
    data: { stored: optionalText(body) ?? null },
    metadata: { version: 1, correlationId: id, priority: 5 },
  };
}

/** What a statement of `work` left of a subscription. */
export interface Remainder {
  readonly sub: number;
  /** Whether something is ready. */
  readonly ready: boolean;
  /** Milliseconds until the next is due. */
  readonly dueInMs: number | undefined;
}

/** The rows that `work` gives. */
export interface WorkResult {
  /** Numbers of the settlements that were lost. */
  readonly lost: readonly number[];
  readonly claimed: readonly Row[];
  readonly left: readonly Remainder[];
}

export function parseWork(rows: readonly Row[]): WorkResult {
  const result = { lost: [] as number[], claimed: [] as Row[], left: [] as Remainder[] };
  for (const row of rows) {
    if (row.kind === 0) result.lost.push(integer(row.i));
    else if (row.kind === 1) result.claimed.push(row);
    else result.left.push({ sub: integer(row.sub), ready: row.i === 1, dueInMs: optionalInteger(row.seq) });
  }
  return result;
}
