import type { Outcome } from "../../../engine/delivery.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { ClaimedDelivery, MessageAction } from "../dependencies.ts";
import { type DeadLetterDependencies, makeDeadLetter } from "./dead-letter.ts";
import { deliveryKey } from "./keys.ts";
import type { Row } from "./row.ts";

const remove: MessageAction = { kind: "delete" };

/** Records how a run ended, and lets go of its claim; with that, what waits for its key or its slot may go on. */
export async function settleMessage(
  dependencies: DeadLetterDependencies,
  delivery: ClaimedDelivery,
  record: SubscriptionRecord,
  outcome: Outcome,
  startedAt?: number,
): Promise<MessageAction> {
  const { now, rows } = dependencies;
  const { acceptedAt, claim, event, failures, replayId, subscription } = delivery;
  const pk = deliveryKey(subscription, event);
  const ranMs = startedAt === undefined ? undefined : Math.max(0, now() - startedAt);
  switch (outcome.kind) {
    case "done":
    case "dropped": {
      const end = { acceptedAt, ranMs, dropped: outcome.kind === "dropped" };
      const moved = await (record.idempotent ? rows.finish(pk, claim, record.dedupeFor, end) : rows.forget(pk, claim));
      return moved.ok ? remove : actionForLostClaim(moved.row, remove, now());
    }
    case "retry": {
      const later: MessageAction = { kind: "later", afterMs: outcome.afterMs };
      const moved = await rows.retry(pk, claim, outcome.afterMs, [...failures, outcome.failure]);
      return moved.ok ? later : actionForLostClaim(moved.row, later, now());
    }
    case "released": {
      const { afterMs = 0 } = outcome;
      const later: MessageAction = { kind: "later", afterMs };
      const moved = await rows.release(pk, claim, afterMs);
      return moved.ok ? later : actionForLostClaim(moved.row, later, now());
    }
    case "dead": {
      const deadLetter = await makeDeadLetter(dependencies, {
        pk,
        subscription,
        event,
        acceptedAt,
        replayId,
        from: claim,
        failures,
        reason: outcome.failure,
        ranMs,
        rememberMs: record.dedupeFor,
      });
      return deadLetter === undefined ? actionForLostClaim(await rows.get(pk), remove, now()) : remove;
    }
  }
}

/** The claim was lost to another run, which has the say: its message is not to be taken from it. */
function actionForLostClaim(row: Row | undefined, otherwise: MessageAction, now: number): MessageAction {
  if (row === undefined) return otherwise;
  if (row.state === "done" || row.state === "dead") return remove;
  return { kind: "later", afterMs: Math.max(0, (row.leaseUntil ?? row.dueAt ?? now) - now) };
}
