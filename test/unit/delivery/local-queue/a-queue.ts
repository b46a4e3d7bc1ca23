import { DeliveryItem } from "../../../../lib/delivery/local-queue/delivery-item.ts";
import { LocalQueue } from "../../../../lib/delivery/local-queue/local-queue.ts";
import type { Delivery, Failure } from "../../../../lib/engine/delivery.ts";
import type { SubscriptionRecord } from "../../../../lib/subscription/subscription.ts";
import { ManualClock } from "../../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../../support/a-record.ts";
import { anEvent } from "../../../support/an-event.ts";

export const failure: Failure = {
  code: "handler_error",
  message: "broken",
  at: "2026-01-01T00:00:00.000Z",
  attempt: 1,
};

/** A queue and what a test does with it; a delivery is called by the id of its event. */
export function queueOf(parts: Partial<SubscriptionRecord> = {}) {
  const clock = new ManualClock();
  const deadLetters: { id: string; code: string }[] = [];
  const queue = new LocalQueue(
    {
      clock,
      schedule: () => {},
      changed: () => {},
      deadLetter: (item, reason) => deadLetters.push({ id: item.event.id, code: reason.code }),
    },
    aRecord(parts),
    false,
  );
  let order = 0;
  const running = new Map<string, DeliveryItem>();
  /** A consumer with room for some deliveries; gives the ids of what it took. */
  const consumer = (capacity = 1_000) => {
    const taken: string[] = [];
    const deliver = (delivery: Delivery) => {
      if (!(delivery instanceof DeliveryItem)) throw new Error("not of this queue");
      taken.push(delivery.event.id);
      running.set(delivery.event.id, delivery);
    };
    const one = { capacity: () => capacity - taken.length, deliver, expired: () => {} };
    return { taken, ...queue.consume(one) };
  };
  const add = (id: string, key?: string, priority = 5, delayMs = 0) => {
    order += 1;
    const delay = delayMs > 0 ? { deliverAt: new Date(clock.now() + delayMs).toISOString() } : {};
    queue.add(anEvent({ id, data: { key }, metadata: { priority, ...delay } }), order, clock.now());
  };
  const item = (id: string): DeliveryItem => {
    const found = running.get(id);
    if (found === undefined) throw new Error(`${id} does not run`);
    running.delete(id);
    return found;
  };
  return { queue, clock, deadLetters, consumer, add, item };
}
