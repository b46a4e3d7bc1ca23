import { createHash } from "node:crypto";
import type { Event } from "../../../event/event.ts";
import { orderedKey } from "../../../subscription/index.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";

/**
 * The key of a delivery's row: subscription, event id, replay id. A subscription's name has no `#` and the replay's is
 * written without, so that two deliveries never share a row whatever their events' ids are.
 */
export function deliveryKey(subscription: string, event: Event): string {
  const replay = (event.metadata.replay?.id ?? "").replaceAll("%", "%25").replaceAll("#", "%23");
  return `${subscription}#${event.id}#${replay}`;
}

/** A row that lets one delivery at a time through. */
export interface LockName {
  /** No subscription's name holds a colon, so no delivery has this key. */
  readonly pk: string;
  /** `key`: held from the first attempt until the delivery has ended. `slot`: held while it runs. */
  readonly kind: "key" | "slot";
}

/** The locks that a delivery needs, in the order in which they are taken. */
export function locksOf(record: SubscriptionRecord, event: Event): LockName[] {
  const locks: LockName[] = [];
  if (record.ordered !== undefined) {
    // Hashed: a key is any JSON, of any length.
    const key = createHash("sha256").update(orderedKey(record.ordered)(event)).digest("base64url");
    locks.push({ kind: "key", pk: `lock:${record.name}#${key}` });
  }
  if (record.concurrency === 1) locks.push({ kind: "slot", pk: `lock:${record.name}` });
  return locks;
}
