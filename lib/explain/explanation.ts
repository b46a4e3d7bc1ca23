import type { DeadLetter, EndedDelivery, PendingDelivery } from "../engine/delivery.ts";
import type { PatternEdit, PatternMismatch } from "../pattern/index.ts";

/** What became of an event in a subscription. */
export const deliveryStatuses = [
  /** It was handled. */
  "done",
  /** It was dropped without a run of the handler. */
  "dropped",
  /** It failed for good. */
  "dead",
  /** It is on its way. */
  "pending",
  /** The subscription does not want it. */
  "not_matched",
  /** The subscription wants it, but was never given it. */
  "not_queued",
  /** The engine does not tell. */
  "unknown",
] as const;

/** One of {@link deliveryStatuses}. */
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** Why it is so. */
export const deliveryReasons = [
  /** done: the handler succeeded. */
  "handled",
  /** dropped, not_queued: the event's `expiresAt` came first. */
  "expired",
  /** dropped: the subscriber's `filter` excluded it. */
  "filtered",
  /** dead: the handler failed, and no attempt was left. */
  "failed",
  /** dead: the backlog of the subscription was full (`maxBacklog`). */
  "overflow",
  /** pending: a handler runs. */
  "running",
  /** pending: an attempt has failed, and the next is due later. */
  "retrying",
  /** pending: its `deliverAt` is not reached. */
  "scheduled",
  /** pending: the subscription is paused for all processes. */
  "paused",
  /** pending: no process handles the subscription. */
  "unhandled",
  /** pending: as many handlers run as `concurrency` allows. */
  "busy",
  /** pending: with `ordered`, an earlier event of the same key has not ended. */
  "ordered",
  /** pending: the subscription is still being filled from history. */
  "backfilling",
  /** pending: nothing of the above holds it; it waits for its turn, or the subscriber is paused or throttled. */
  "waiting",
  /** not_matched: the type is not in `on`. */
  "type",
  /** not_matched: the type is wanted, but `where` does not match. */
  "where",
  /** not_queued: the subscription starts later: it was made, or given its pattern, after the event was accepted. */
  "accepted_before",
  /** unknown: the engine does not know how deliveries ended, or not any more. */
  "not_known",
] as const;

/** One of {@link deliveryReasons}. */
export type DeliveryReason = (typeof deliveryReasons)[number];

/** What became of one event in one subscription, and why. */
export interface DeliveryExplanation {
  /** The id of the event. */
  readonly eventId: string;
  /** The type of the event. */
  readonly type: string;
  /** The flow of the event. */
  readonly correlationId: string;
  /** The name of the subscription. */
  readonly subscription: string;
  /** What became of it. */
  readonly status: DeliveryStatus;
  /** Why it is so. */
  readonly reason: DeliveryReason;
  /** Both in a sentence. */
  readonly text: string;
  /** What to do so that it is delivered, or delivered again; absent where there is nothing to do. */
  readonly fix?: string;
  /** What of the pattern does not match; empty if all of it does. A path `type` is about the subscription's `on`. */
  readonly mismatches: readonly PatternMismatch[];
  /** The smallest changes to the pattern with which it would match, one for each mismatch; empty if none is known. */
  readonly edits: readonly PatternEdit[];
  /** The deliveries under way, replays included. */
  readonly pending: readonly PendingDelivery[];
  /** The deliveries that have ended, in that order, replays included. Absent where the engine does not know. */
  readonly ended?: readonly EndedDelivery[];
  /** The dead letters of the event in this subscription, newest first. */
  readonly deadLetters: readonly DeadLetter[];
}
