import type { Failure } from "../../engine/delivery.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { DeliveryItem } from "./delivery-item.ts";
import type { LocalEnded } from "./local-ended.ts";
import type { LocalQueue } from "./local-queue.ts";
import type { LocalDeliveryStore } from "./local-store.ts";

/** What a queue tells its engine. */
export interface LocalQueueDependencies {
  /** The source of time and timers. */
  readonly clock: Clock;
  /** Has `pump` called soon, outside the current call. */
  schedule(queue: LocalQueue): void;
  /** Keeps a delivery that is out of attempts, or for which the backlog has no room. */
  deadLetter(item: DeliveryItem, reason: Failure): void;
  /** Keeps how a delivery that was handed over has ended; absent where nobody asks. */
  readonly ended?: LocalEnded;
  /** Called after a delivery was added or settled. */
  changed(): void;
  /** Absent where deliveries end with the process. */
  readonly store?: LocalDeliveryStore;
}
