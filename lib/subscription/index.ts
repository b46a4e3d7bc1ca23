export { defineSubscription } from "./define.ts";
export { keyAt, orderedKey } from "./ordered-key.ts";
export { subscriptionRecord } from "./record.ts";
export type {
  EventFor,
  EventOf,
  EventSelector,
  KeyPath,
  SelectorIn,
  Subscription,
  SubscriptionRecord,
} from "./subscription.ts";
export { subscriptionPattern } from "./subscription-pattern.ts";
export { unknownTypes } from "./unknown-types.ts";
export type { Where, WhereEvent, WhereFields, WhereValue } from "./where.ts";
