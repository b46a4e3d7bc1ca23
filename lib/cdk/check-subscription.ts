import { messageGroupPath, rulePattern } from "../aws-shared/index.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import { formatDuration } from "../event/duration.ts";
import { type SubscriptionRecord, subscriptionPattern, subscriptionRecord } from "../subscription/index.ts";

/** The maximum length of an EventBridge pattern, in characters. */
export const patternLimit = 2_048;
/** The maximum length in characters, and the allowed form, of the path of a message group in EventBridge. */
const pathLimit = 100;
const pathForm = /^[\w/-]+(?:\.[\w/-]+)*$/;
/** The longest time that SQS keeps a message, in milliseconds. */
export const queueRetentionMs = 14 * 86_400_000;

/** Names that the bus uses for its own queues and rules. */
const reserved: ReadonlySet<string> = new Set(["bus", "history", "unpublished", "waggle-history"]);

/** A validated subscription with the pattern of its rule. */
export interface CheckedSubscription {
  readonly record: SubscriptionRecord;
  readonly pattern: Readonly<Record<string, unknown>>;
  /** Whether the rule counts against the limit of wildcard rules. */
  readonly wildcard: boolean;
}

/**
 * Checks everything that a deployment would refuse. Throws `invalid_config` or `invalid_pattern`, with the name of the
 * subscription.
 */
export function checkSubscription(subscription: unknown): CheckedSubscription {
  const record = subscriptionRecord(subscription);
  checkName(record.name);
  checkSchedule(record);
  checkUnsupported(record);
  const pattern = patternOf(record);
  return { record, pattern, wildcard: hasWildcard(pattern) };
}

function checkName(name: string): void {
  if (reserved.has(name)) {
    throw subscriptionError(name, "the name is reserved for the bus; choose another name");
  }
  if (name.endsWith("-dlq")) {
    throw subscriptionError(name, "names that end in -dlq are reserved for dead-letter queues; choose another name");
  }
}

/** Checks the worst case: every attempt takes its whole timeout, and every delay is the longest possible. */
function checkSchedule(record: SubscriptionRecord): void {
  const { attempts, backoff, timeout } = record;
  let total = attempts * timeout;
  for (let failed = 1; failed < attempts; failed += 1) {
    total += Math.min(backoff.to, backoff.from * 2 ** Math.min(failed - 1, 52));
  }
  if (total <= queueRetentionMs) return;
  const days = (total / 86_400_000).toFixed(1);
  throw subscriptionError(
    record.name,
    `${attempts} attempts of ${formatDuration(timeout)} with a backoff up to ${formatDuration(backoff.to)} may take ${days} days, but SQS keeps a message for 14 days; reduce attempts, backoff.to or timeout`,
  );
}

function checkUnsupported({ name, from, maxBacklog }: SubscriptionRecord): void {
  if (from !== "now") {
    throw subscriptionError(
      name,
      `from must be "now" for a deployed subscription, not ${JSON.stringify(from)}; omit it, and replay earlier events: waggle replay --to ${name}`,
    );
  }
  if (maxBacklog !== undefined) {
    throw subscriptionError(
      name,
      "maxBacklog is not supported in AWS; omit it, and monitor the age of the oldest message",
    );
  }
}

/** Returns the path of the ordering key for a rule. Throws `invalid_config` for one that EventBridge cannot read. */
export function checkedGroupPath(name: string, ordered: string): string {
  const path = messageGroupPath(ordered);
  if (path.length > pathLimit) {
    throw subscriptionError(
      name,
      `ordered ${JSON.stringify(ordered)} becomes a path of ${path.length} characters in EventBridge, which allows ${pathLimit}; use a shorter one, or messageGroups: "consumer"`,
    );
  }
  if (pathForm.test(ordered)) return path;
  throw subscriptionError(
    name,
    `ordered ${JSON.stringify(ordered)} has a field name that EventBridge cannot read; use only letters, digits, _, - and /, or messageGroups: "consumer"`,
  );
}

function patternOf(record: SubscriptionRecord): Readonly<Record<string, unknown>> {
  let pattern: Readonly<Record<string, unknown>>;
  try {
    pattern = rulePattern(subscriptionPattern(record));
  } catch (thrown) {
    const error = toBusError(thrown);
    throw new BusError(error.code, `subscription ${record.name}: ${error.message}`, { cause: thrown });
  }
  const { length } = JSON.stringify(pattern);
  if (length <= patternLimit) return pattern;
  throw new BusError(
    "invalid_pattern",
    `subscription ${record.name}: its EventBridge pattern has ${length} characters, but at most ${patternLimit} are allowed; name fewer types, or split the subscription in two`,
  );
}

/** A field may be named "wildcard"; the operator only occurs in a list of values. */
function hasWildcard(value: unknown, inList = false): boolean {
  if (Array.isArray(value)) return value.some((one) => hasWildcard(one, true));
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(
    ([name, inner]) => (inList && name === "wildcard") || hasWildcard(inner, inList && name === "anything-but"),
  );
}

/** Returns `invalid_config` with a message that begins with the subscription's name. */
export function subscriptionError(name: string, problem: string): BusError {
  return new BusError("invalid_config", `subscription ${name}: ${problem}`);
}
