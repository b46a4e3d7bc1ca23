export { checkAgainstCatalog, unmatchedMessage } from "./check-catalog.ts";
export { defineSubscription } from "./define.ts";
export type { KeyPath, KeyPathOf } from "./key-path.ts";
export { keyAt, orderedKey } from "./ordered-key.ts";
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
export { unknownTypes, unmatchedNames } from "./unknown-types.ts";
export type { Where, WhereEvent, WhereFields, WhereValue } from "./where.ts";
