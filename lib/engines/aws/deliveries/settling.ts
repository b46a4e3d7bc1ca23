import type { Outcome } from "../../../bus/delivery.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { ClaimedDelivery, MessageFate } from "../parts.ts";
import { type BurialHost, bury } from "./burial.ts";
import { deliveryKey } from "./keys.ts";
import type { Row } from "./row.ts";

const remove: MessageFate = { kind: "delete" };

/** Records how a run ended, and lets go of its claim; with that, what waits for its key or its slot may go on. */
export async function settle(
  host: BurialHost,
  delivery: ClaimedDelivery,
  record: SubscriptionRecord,
  outcome: Outcome,
): Promise<MessageFate> {
  const { rows } = host;
  const { claim, event, failures } = delivery;
  const pk = deliveryKey(delivery.subscription, event);
  switch (outcome.kind) {
    case "done":
    case "dropped": {
      const moved = await (record.idempotent ? rows.finish(pk, claim, record.dedupeFor) : rows.forget(pk, claim));
      return moved.ok ? remove : fateOfLost(moved.row, remove, host.now());
    }
    case "retry": {
      const later: MessageFate = { kind: "later", afterMs: outcome.afterMs };
      const moved = await rows.retry(pk, claim, outcome.afterMs, [...failures, outcome.failure]);
      return moved.ok ? later : fateOfLost(moved.row, later, host.now());
    }
    case "released": {
      const later: MessageFate = { kind: "later", afterMs: 0 };
      const moved = await rows.release(pk, claim);
      return moved.ok ? later : fateOfLost(moved.row, later, host.now());
    }
    case "dead": {
      const { subscription, acceptedAt } = delivery;
      const died = { pk, subscription, event, acceptedAt, from: claim, earlier: failures, reason: outcome.failure };
      const letter = await bury(host, { ...died, rememberMs: record.dedupeFor });
      return letter === undefined ? fateOfLost(await rows.get(pk), remove, host.now()) : remove;
    }
  }
}

/** The claim was lost to another run, which has the say: its message is not to be taken from it. */
function fateOfLost(row: Row | undefined, otherwise: MessageFate, now: number): MessageFate {
  if (row === undefined) return otherwise;
  if (row.state === "done" || row.state === "dead") return remove;
  return { kind: "later", afterMs: Math.max(0, (row.leaseUntil ?? row.dueAt ?? now) - now) };
}
