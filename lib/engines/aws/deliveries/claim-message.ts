import type { Catalog } from "../../../event/catalog.ts";
import type { Event } from "../../../event/event.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { ClaimedDelivery, MessageAction, QueueMessage, SkipReason } from "../dependencies.ts";
import { type DeadLetterDependencies, deadLetter, lastFailure, processEnded } from "./dead-letter.ts";
import { deliveryKey, locksOf } from "./keys.ts";
import type { Locks, SeenLock } from "./locks.ts";
import { readMessage } from "./read-message.ts";
import type { Row } from "./row.ts";
import { type Claim, claimId } from "./rows.ts";

export interface ClaimMessageDependencies extends DeadLetterDependencies {
  readonly locks: Locks;
  readonly catalog: Catalog;
}

/** What opening a message came to. */
export type ClaimResult =
  | { readonly delivery: ClaimedDelivery }
  | { readonly action: MessageAction; readonly why: SkipReason };

/** One message, its delivery, and what it needs to run. */
interface Case {
  readonly message: QueueMessage;
  readonly record: SubscriptionRecord;
  readonly event: Event;
  readonly acceptedAt: number;
  readonly pk: string;
  readonly locks: readonly SeenLock[];
  readonly claim: Claim;
}

/** Reads a message and claims its delivery, with its locks, for one run. */
export async function open(
  host: ClaimMessageDependencies,
  message: QueueMessage,
  record: SubscriptionRecord,
  leaseMs: number,
): Promise<ClaimResult> {
  const { catalog, deadLetters, now, nextId } = host;
  const read = readMessage(message, catalog, now());
  if (!read.ok) {
    await deadLetters.put(read.letter);
    return over("invalid");
  }
  const { event, acceptedAt } = read;
  // An ordered one may hold its key: it is claimed, and its end as expired lets the key go on.
  if (record.ordered === undefined && isExpired(event, now())) return over("expired");
  const pk = deliveryKey(record.name, event);
  const locks: SeenLock[] = [];
  for (const lock of locksOf(record, event)) {
    const seen = await host.locks.look(lock, pk);
    if ("heldUntil" in seen) return behind(host, message, seen.heldUntil);
    locks.push(seen);
  }
  const takesSlot = locks.some(({ kind }) => kind === "slot");
  const claim = { id: claimId(nextId(), takesSlot), leaseUntil: now() + leaseMs, round: message.redrivenFrom };
  const opened: Case = { message, record, event, acceptedAt, pk, locks, claim };
  const claimed = await claimRow(host, opened);
  if ("action" in claimed) return claimed;
  if (!(await takeLocks(host, opened))) return behind(host, message, now());
  if (now() >= claim.leaseUntil) {
    // It took so long that another may have it by now.
    await host.rows.release(pk, claim.id);
    return busy(0);
  }
  return {
    delivery: {
      subscription: record.name,
      event,
      attempt: claimed.attempts,
      acceptedAt,
      failures: claimed.failures,
      redriven: message.redrivenFrom !== undefined,
      claim: claim.id,
    },
  };
}

async function claimRow(
  host: ClaimMessageDependencies,
  opened: Case,
): Promise<Row | (ClaimResult & { action: MessageAction })> {
  const { rows, now } = host;
  const { pk, claim, record } = opened;
  const claimed = await rows.claim(pk, claim, record.attempts);
  if (claimed.ok) return claimed.row;
  const { row } = claimed;
  if (row === undefined) return busy(0);
  if (rows.isForgotten(row)) return claimedOrBusy(await rows.claimForgotten(pk, claim));
  switch (row.state) {
    case "done":
      return over("duplicate");
    case "dead":
      return over("dead");
    case "waiting":
      if ((row.dueAt ?? 0) > now()) return busy((row.dueAt ?? 0) - now());
      return row.attempts < record.attempts ? busy(0) : giveUp(host, opened, row);
    case "burying":
    case "running": {
      const left = (row.leaseUntil ?? 0) - now();
      if (left > 0) return busy(left);
      if (row.state === "burying" || row.attempts >= record.attempts) return giveUp(host, opened, row);
      const failure = processEnded(record.name, row.attempts, now());
      return claimedOrBusy(await rows.takeOver(pk, row, claim, failure));
    }
  }
}

function claimedOrBusy(moved: { ok: true; row: Row } | { ok: false }): Row | (ClaimResult & { action: MessageAction }) {
  return moved.ok ? moved.row : busy(0);
}

/** Out of attempts before it could be claimed. */
async function giveUp(
  host: ClaimMessageDependencies,
  opened: Case,
  row: Row,
): Promise<ClaimResult & { action: MessageAction }> {
  const { pk, event, acceptedAt, record } = opened;
  const failure = lastFailure(record.name, row, host.now());
  const letter = await deadLetter(host, {
    pk,
    subscription: record.name,
    event,
    acceptedAt,
    from: row,
    ...(failure ?? { earlier: [], reason: processEnded(record.name, row.attempts, host.now()) }),
    rememberMs: record.dedupeFor,
  });
  return letter === undefined ? busy(0) : over("dead");
}

/** Takes all of them, or gives the claim back. */
async function takeLocks({ locks, rows }: ClaimMessageDependencies, opened: Case): Promise<boolean> {
  const { pk, claim } = opened;
  try {
    for (const lock of opened.locks) {
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

function over(why: SkipReason): ClaimResult & { action: MessageAction } {
  return { action: { kind: "delete" }, why };
}

function busy(afterMs: number): ClaimResult & { action: MessageAction } {
  return { action: { kind: "later", afterMs }, why: "busy" };
}

const leastWaitMs = 1_000;
const longestWaitMs = 900_000;

/**
 * Waits behind another delivery: until that one is due, and for a quarter of the time that it has waited so far. Each look
 * counts as a receive, and a queue gives a message up after so many: this way an hour of waiting costs about thirty.
 */
function behind({ now }: ClaimMessageDependencies, { sentMs }: QueueMessage, heldUntil: number): ClaimResult {
  const quarter = (now() - sentMs) / 4;
  return busy(Math.max(heldUntil - now(), Math.min(Math.max(quarter, leastWaitMs), longestWaitMs)));
}
