export { defineSubscription } from "./define.ts";
export { orderedKey } from "./ordered-key.ts";
export { subscriptionRecord } from "./record.ts";
export type {
  EventFor,
  EventOf,
  EventSelector,
  SelectorIn,
  Subscription,
  SubscriptionRecord,
} from "./subscription.ts";
export { subscriptionPattern } from "./subscription-pattern.ts";
export { unknownTypes } from "./unknown-types.ts";
export type { Where, WhereEvent, WhereFields, WhereValue } from "./where.ts";
