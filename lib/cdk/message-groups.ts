import type { Construct } from "constructs";
import { sharedGroup } from "../aws-shared/index.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import type { SubscriptionRecord } from "../subscription/index.ts";
import { checkedGroupPath } from "./check-subscription.ts";

/** Who forms the message groups of an ordered subscription. */
export const messageGroupings = ["consumer", "rule"] as const;

/**
 * One of {@link messageGroupings}. `consumer`: the rule sends all events in one group, and whoever consumes the queue moves
 * each to the group of its key. `rule`: EventBridge is told to read the key from the event; if it takes the path as text
 * instead, the consumer does the same as with `consumer`, and an alarm fires.
 */
export type MessageGrouping = (typeof messageGroupings)[number];

/** Returns who forms the groups: what was given, else the context `message-groups`, else the consumer. Throws `invalid_config`. */
export function messageGrouping(scope: Construct, given: MessageGrouping | undefined): MessageGrouping {
  const wanted: unknown = given ?? scope.node.tryGetContext("message-groups") ?? "consumer";
  const grouping = messageGroupings.find((one) => one === wanted);
  if (grouping !== undefined) return grouping;
  const name = given === undefined ? "context message-groups" : "messageGroups";
  throw new BusError("invalid_config", `${name} ${mustBe(messageGroupings.join(" or "), wanted)}`);
}

/** Returns the message group of a rule's target; undefined for a standard queue. Throws `invalid_config`. */
export function targetGroup({ name, ordered }: SubscriptionRecord, grouping: MessageGrouping): string | undefined {
  if (ordered === undefined) return undefined;
  return grouping === "rule" ? checkedGroupPath(name, ordered) : sharedGroup;
}
