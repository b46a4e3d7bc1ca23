import type { Outcome } from "../../../bus/delivery.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { ClaimedDelivery, MessageFate } from "../parts.ts";
import { type BurialHost, bury } from "./burial.ts";
import { deliveryKey, type LockName, locksOf } from "./keys.ts";
import type { Locks } from "./locks.ts";
import type { Row } from "./row.ts";
import type { Moved } from "./rows.ts";

export interface SettlingHost extends BurialHost {
  readonly locks: Locks;
}

const remove: MessageFate = { kind: "delete" };

/** Records how a run ended, and lets go of its claim. */
export async function settle(
  host: SettlingHost,
  delivery: ClaimedDelivery,
  record: SubscriptionRecord,
  outcome: Outcome,
): Promise<MessageFate> {
  const { rows } = host;
  const { claim, event, failures } = delivery;
  const pk = deliveryKey(delivery.subscription, event);
  const locks = locksOf(record, event);
  switch (outcome.kind) {
    case "done":
    case "dropped": {
      const moved = await (record.idempotent ? rows.finish(pk, claim, record.dedupeFor) : rows.forget(pk, claim));
      if (!moved.ok) return fateOfLost(moved.row, remove, host.now());
      await release(host, locks, claim);
      return remove;
    }
    case "retry": {
      const later: MessageFate = { kind: "later", afterMs: outcome.afterMs };
      return keep(
        host,
        locks,
        claim,
        later,
        await rows.retry(pk, claim, outcome.afterMs, [...failures, outcome.failure]),
      );
    }
    case "released":
      return keep(host, locks, claim, { kind: "later", afterMs: 0 }, await rows.release(pk, claim));
    case "dead": {
      const { subscription, acceptedAt } = delivery;
      const died = { pk, subscription, event, acceptedAt, from: claim, earlier: failures, reason: outcome.failure };
      const letter = await bury(host, { ...died, rememberMs: record.dedupeFor });
      if (letter === undefined) return fateOfLost(await rows.get(pk), remove, host.now());
      await release(host, locks, claim);
      return remove;
    }
  }
}

/** It is tried again: its key stays with it, and what waits for a free slot goes on. */
async function keep(
  host: SettlingHost,
  locks: readonly LockName[],
  claim: string,
  fate: MessageFate,
  moved: Moved,
): Promise<MessageFate> {
  if (!moved.ok) return fateOfLost(moved.row, fate, host.now());
  await release(
    host,
    locks.filter(({ kind }) => kind === "slot"),
    claim,
  );
  return fate;
}

/** A lock that stays behind is seen through by the next that looks: the delivery that it names is over. */
async function release({ locks: table }: SettlingHost, locks: readonly LockName[], claim: string): Promise<void> {
  for (const lock of locks) await table.release(lock, claim).catch(() => {});
}

/** The claim was lost to another run, which has the say: its message is not to be taken from it. */
function fateOfLost(row: Row | undefined, otherwise: MessageFate, now: number): MessageFate {
  if (row === undefined) return otherwise;
  if (row.state === "done" || row.state === "dead") return remove;
  return { kind: "later", afterMs: Math.max(0, (row.leaseUntil ?? row.dueAt ?? now) - now) };
}
