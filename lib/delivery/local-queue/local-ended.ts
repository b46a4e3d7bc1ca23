import type { EndedDelivery, Failure } from "../../engine/delivery.ts";
import type { DeliveryItem } from "./delivery-item.ts";

/**
 * Called with how a delivery has ended, in milliseconds since 1970: when its handler began, undefined where it did not run, and
 * when it ended; `failure` is why its last attempt failed, where it did. There is no object around these, since it would be
 * made for each delivery.
 */
export type LocalEnded = (
  item: DeliveryItem,
  outcome: EndedDelivery["outcome"],
  startedAt: number | undefined,
  endedAt: number,
  failure?: Failure,
) => void;
