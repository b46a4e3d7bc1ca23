import { processEndedFailure } from "../../../delivery/dead-letter.ts";
import type { Catalog } from "../../../event/catalog.ts";
import { deliverAtMs } from "../../../event/deliver-at.ts";
import type { Event } from "../../../event/event.ts";
import { longestBackoffMs } from "../../../subscription/record.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { MessageClaim, QueueMessage, SkippedMessage, SkipReason } from "../dependencies.ts";
import { type Claim, claimId } from "./claim.ts";
import { type DeadLetterDependencies, lastFailure, makeDeadLetter } from "./dead-letter.ts";
import { deliveryKey, locksOf } from "./keys.ts";
import type { Locks, SeenLock } from "./locks.ts";
import { type ReadMessage, readMessage } from "./read-message.ts";
import type { Row } from "./row.ts";

export interface ClaimMessageDependencies extends DeadLetterDependencies {
  readonly locks: Locks;
  readonly catalog: Catalog;
}

/** A message that holds an event, and what its claim needs. */
interface Attempted {
  readonly message: QueueMessage;
  readonly record: SubscriptionRecord;
  readonly read: ReadMessage & { readonly ok: true };
  readonly pk: string;
  readonly locks: readonly SeenLock[];
  readonly claim: Claim;
}

/** Reads a message and claims its delivery, with its locks, for one run. */
export async function claimMessage(
  dependencies: ClaimMessageDependencies,
  message: QueueMessage,
  record: SubscriptionRecord,
  leaseMs: number,
): Promise<MessageClaim> {
  const { catalog, deadLetters, now, nextId } = dependencies;
  const read = readMessage(message, catalog, now());
  if (!read.ok) {
    await deadLetters.put(read.deadLetter);
    return discard("invalid");
  }
  const { acceptedAt, event, replayId } = read;
  const early = deliverAtMs(event) - now();
  if (early > 0) return holdBack(early);
  // An ordered one may hold its key: it is claimed, and its end as expired lets the key go on.
  if (record.ordered === undefined && isExpired(event, now())) return discard("expired");
  const pk = deliveryKey(record.name, event);
  const locks: SeenLock[] = [];
  for (const lock of locksOf(record, event)) {
    const seen = await dependencies.locks.inspect(lock, pk);
    if ("heldUntil" in seen) {
      const ended = lock.kind === "key" ? await discardEnded(dependencies, pk) : undefined;
      return ended ?? waitBehind(dependencies, { message, event }, seen.heldUntil);
    }
    locks.push(seen);
  }
  const { redrivenFrom } = message;
  const takesSlot = locks.some(({ kind }) => kind === "slot");
  const id = claimId(nextId(), takesSlot);
  const claim = { id, leaseUntil: now() + leaseMs, redriveGeneration: redrivenFrom };
  const attempted: Attempted = { message, record, read, pk, locks, claim };
  const claimed = await claimRow(dependencies, attempted);
  if ("action" in claimed) return claimed;
  if (!(await takeLocks(dependencies, attempted))) return waitBehind(dependencies, { message, event }, now());
  if (now() >= claim.leaseUntil) {
    // It took so long that another may have it by now.
    await dependencies.rows.release(pk, claim.id);
    return retryLater(0);
  }
  return {
    delivery: {
      subscription: record.name,
      event,
      attempt: claimed.attempts,
      acceptedAt,
      failures: claimed.failures,
      redriven: redrivenFrom !== undefined,
      replayId,
      claim: claim.id,
    },
  };
}

/**
 * Discards a message whose delivery has ended, as one does whose deletion failed. In a message group it may be ahead of the very
 * delivery that has the lock: each would wait for the other.
 */
async function discardEnded({ rows }: ClaimMessageDependencies, pk: string): Promise<SkippedMessage | undefined> {
  const state = (await rows.get(pk))?.state;
  if (state === "done") return discard("duplicate");
  return state === "dead" ? discard("dead") : undefined;
}

async function claimRow(dependencies: ClaimMessageDependencies, attempted: Attempted): Promise<Row | SkippedMessage> {
  const { rows, now } = dependencies;
  const { pk, claim, record } = attempted;
  const claimed = await rows.claim(pk, claim, record.attempts);
  if (claimed.ok) return claimed.row;
  const { row } = claimed;
  if (row === undefined) return retryLater(0);
  if (rows.isForgotten(row)) return claimedOrLater(await rows.claimForgotten(pk, claim));
  switch (row.state) {
    case "done":
      return discard("duplicate");
    case "dead":
      return discard("dead");
    case "waiting":
      if ((row.dueAt ?? 0) > now()) return retryLater((row.dueAt ?? 0) - now());
      return row.attempts < record.attempts ? retryLater(0) : giveUp(dependencies, attempted, row);
    case "deadLettering":
    case "running": {
      const left = (row.leaseUntil ?? 0) - now();
      if (left > 0) return retryLater(left);
      if (row.state === "deadLettering" || row.attempts >= record.attempts) return giveUp(dependencies, attempted, row);
      const failure = processEndedFailure(record.name, row.attempts, now());
      return claimedOrLater(await rows.takeOver(pk, row, claim, failure));
    }
  }
}

function claimedOrLater(moved: { ok: true; row: Row } | { ok: false }): Row | SkippedMessage {
  return moved.ok ? moved.row : retryLater(0);
}

/** Out of attempts before it could be claimed. */
async function giveUp(
  dependencies: ClaimMessageDependencies,
  { pk, read: { acceptedAt, event, replayId }, record }: Attempted,
  row: Row,
): Promise<SkippedMessage> {
  const now = dependencies.now();
  const { failures, reason } = lastFailure(record.name, row, now) ?? {
    failures: [],
    reason: processEndedFailure(record.name, row.attempts, now),
  };
  const deadLetter = await makeDeadLetter(dependencies, {
    pk,
    subscription: record.name,
    event,
    acceptedAt,
    replayId,
    from: row,
    failures,
    reason,
    rememberMs: record.dedupeFor,
  });
  return deadLetter === undefined ? retryLater(0) : discard("dead");
}

/** Takes all of them, or gives the claim back. */
async function takeLocks({ locks, rows }: ClaimMessageDependencies, attempted: Attempted): Promise<boolean> {
  const { pk, claim } = attempted;
  try {
    for (const lock of attempted.locks) {
      if (await locks.take(lock, pk, claim.id)) continue;
      await rows.release(pk, claim.id);
      return false;
    }
    return true;
  } catch (thrown) {
    // What never ran is no attempt; where this fails too, the lease ends it.
    await rows.release(pk, claim.id).catch(() => {});
    throw thrown;
  }
}

function isExpired({ metadata: { expiresAt } }: Event, now: number): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= now;
}

function discard(why: SkipReason): SkippedMessage {
  return { action: { kind: "delete" }, why };
}

function retryLater(afterMs: number): SkippedMessage {
  return { action: { kind: "later", afterMs }, why: "retryLater" };
}

/**
 * Not before its time. Nobody may run it, so no claim is needed: the message stays hidden in its queue, and in its message
 * group it holds its place. Seen again where that is longer than a queue hides a message: 16 times in 7 days.
 */
function holdBack(early: number): SkippedMessage {
  return { action: { kind: "later", afterMs: Math.min(early, longestBackoffMs) }, why: "delayed" };
}

const leastWaitMs = 1_000;
const longestWaitMs = 900_000;

/**
 * Waits behind another delivery: until that one is due, and for a quarter of the time that it has waited so far. Each receive
 * counts, and a queue gives a message up after so many: this way an hour of waiting costs about thirty.
 */
function waitBehind(
  { now }: ClaimMessageDependencies,
  { message, event }: { readonly message: QueueMessage; readonly event: Event },
  heldUntil: number,
): SkippedMessage {
  const quarter = (now() - Math.max(message.sentMs, deliverAtMs(event))) / 4;
  return retryLater(Math.max(heldUntil - now(), Math.min(Math.max(quarter, leastWaitMs), longestWaitMs)));
}
