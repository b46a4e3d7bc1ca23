import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { DeliveryItem } from "./delivery-item.ts";

/** Where an engine keeps the deliveries of named subscriptions. Each call keeps it at once. */
export interface LocalDeliveryStore {
  /** A delivery was queued, or an attempt of it begins or has ended. */
  putDelivery(item: DeliveryItem): void;
  /** It has ended. */
  deleteDelivery(item: DeliveryItem): void;
}

/** Where an engine keeps named subscriptions and their deliveries. Each call keeps it at once. */
export interface LocalStore extends LocalDeliveryStore {
  /** A subscription was created or has other settings. */
  putSubscription(record: SubscriptionRecord): void;
  /** It was deleted; so were its deliveries. */
  deleteSubscription(name: string): void;
}
