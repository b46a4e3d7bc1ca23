import type { Outcome } from "../../../engine/delivery.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { ClaimedDelivery, MessageAction } from "../dependencies.ts";
import { type DeadLetterDependencies, deadLetter } from "./dead-letter.ts";
import { deliveryKey } from "./keys.ts";
import type { Row } from "./row.ts";

const remove: MessageAction = { kind: "delete" };

/** Records how a run ended, and lets go of its claim; with that, what waits for its key or its slot may go on. */
export async function settle(
  host: DeadLetterDependencies,
  delivery: ClaimedDelivery,
  record: SubscriptionRecord,
  outcome: Outcome,
): Promise<MessageAction> {
  const { rows } = host;
  const { claim, event, failures } = delivery;
  const pk = deliveryKey(delivery.subscription, event);
  switch (outcome.kind) {
    case "done":
    case "dropped": {
      const moved = await (record.idempotent ? rows.finish(pk, claim, record.dedupeFor) : rows.forget(pk, claim));
      return moved.ok ? remove : actionForLostClaim(moved.row, remove, host.now());
    }
    case "retry": {
      const later: MessageAction = { kind: "later", afterMs: outcome.afterMs };
      const moved = await rows.retry(pk, claim, outcome.afterMs, [...failures, outcome.failure]);
      return moved.ok ? later : actionForLostClaim(moved.row, later, host.now());
    }
    case "released": {
      const later: MessageAction = { kind: "later", afterMs: 0 };
      const moved = await rows.release(pk, claim);
      return moved.ok ? later : actionForLostClaim(moved.row, later, host.now());
    }
    case "dead": {
      const { subscription, acceptedAt } = delivery;
      const died = { pk, subscription, event, acceptedAt, from: claim, earlier: failures, reason: outcome.failure };
      const letter = await deadLetter(host, { ...died, rememberMs: record.dedupeFor });
      return letter === undefined ? actionForLostClaim(await rows.get(pk), remove, host.now()) : remove;
    }
  }
}

/** The claim was lost to another run, which has the say: its message is not to be taken from it. */
function actionForLostClaim(row: Row | undefined, otherwise: MessageAction, now: number): MessageAction {
  if (row === undefined) return otherwise;
  if (row.state === "done" || row.state === "dead") return remove;
  return { kind: "later", afterMs: Math.max(0, (row.leaseUntil ?? row.dueAt ?? now) - now) };
}
