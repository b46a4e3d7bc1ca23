import { rulePattern } from "../aws-shared/index.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import { formatDuration } from "../event/duration.ts";
import { type SubscriptionRecord, subscriptionPattern, subscriptionRecord } from "../subscription/index.ts";

/** What EventBridge takes as a pattern, in characters. */
export const patternLimit = 2_048;
/** What EventBridge takes as the path of a message group, in characters, and what it reads as a step of one. */
const pathLimit = 100;
const pathSteps = /^[\w/-]+(?:\.[\w/-]+)*$/;
/** For which SQS keeps a message at most. */
export const queueRetentionMs = 14 * 86_400_000;

/** Names that would be one with a queue or a rule of the bus itself. */
const reserved: ReadonlySet<string> = new Set(["history", "unpublished", "waggle-history"]);

/** A subscription as its rule and queue need it. */
export interface CheckedSubscription {
  readonly record: SubscriptionRecord;
  readonly pattern: Readonly<Record<string, unknown>>;
  /** Whether the pattern counts among the few with a wildcard. */
  readonly wildcard: boolean;
}

/** Checks all that a deployment would trip over. Errors name the subscription: `invalid_config`, `invalid_pattern`. */
export function checkSubscription(subscription: unknown): CheckedSubscription {
  const record = subscriptionRecord(subscription);
  checkName(record.name);
  checkSchedule(record);
  checkUnsupported(record);
  checkOrdered(record);
  const pattern = patternOf(record);
  return { record, pattern, wildcard: hasWildcard(pattern) };
}

function checkName(name: string): void {
  if (reserved.has(name)) {
    throw refusal(name, "the name is the bus's own; give it another");
  }
  if (name.endsWith("-dlq")) throw refusal(name, "names that end in -dlq are for dead-letter queues; give it another");
}

/** Every attempt as long as it may be, and between two the longest that backoff may choose. */
function checkSchedule(record: SubscriptionRecord): void {
  const { attempts, backoff, timeout } = record;
  let total = attempts * timeout;
  for (let failed = 1; failed < attempts; failed += 1) {
    total += Math.min(backoff.to, backoff.from * 2 ** Math.min(failed - 1, 52));
  }
  if (total <= queueRetentionMs) return;
  const days = (total / 86_400_000).toFixed(1);
  throw refusal(
    record.name,
    `${attempts} attempts of ${formatDuration(timeout)} with a backoff up to ${formatDuration(backoff.to)} may take ${days} days, and SQS keeps a message for 14; give fewer attempts, or a smaller backoff.to or timeout`,
  );
}

function checkUnsupported({ name, from, maxBacklog }: SubscriptionRecord): void {
  if (from !== "now") {
    throw refusal(
      name,
      `from is ${JSON.stringify(from)}, and a deployed subscription starts at "now"; leave it out, and replay what came before: waggle replay --to ${name}`,
    );
  }
  if (maxBacklog !== undefined) {
    throw refusal(
      name,
      "maxBacklog is not a setting of a queue in AWS; leave it out, and watch the age of the oldest message",
    );
  }
}

function checkOrdered({ name, ordered }: SubscriptionRecord): void {
  if (ordered === undefined) return;
  const path = messageGroup(ordered);
  if (path.length > pathLimit) {
    throw refusal(
      name,
      `ordered is ${JSON.stringify(ordered)}, as EventBridge gets it a path of ${path.length} characters, and at most ${pathLimit} are allowed; give a shorter one`,
    );
  }
  if (pathSteps.test(ordered)) return;
  throw refusal(
    name,
    `ordered is ${JSON.stringify(ordered)}, and EventBridge reads steps of letters, digits, _, - and / only; give a field with such a name`,
  );
}

/** Where the key of an `ordered` subscription stands in the envelope: events of one key are one message group. */
export function messageGroup(ordered: string): string {
  if (ordered === "source") return "$.source";
  return ordered === "type" ? "$.detail-type" : `$.detail.${ordered}`;
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
    `subscription ${record.name}: its pattern has ${length} characters as EventBridge gets it, and at most ${patternLimit} are allowed; name fewer types, or split it in two`,
  );
}

/** A field may be called "wildcard"; the operator stands in a list of values. */
function hasWildcard(value: unknown, inList = false): boolean {
  if (Array.isArray(value)) return value.some((one) => hasWildcard(one, true));
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(
    ([name, inner]) => (inList && name === "wildcard") || hasWildcard(inner, inList && name === "anything-but"),
  );
}

/** `invalid_config`, beginning with the subscription's name. */
export function refusal(name: string, problem: string): BusError {
  return new BusError("invalid_config", `subscription ${name}: ${problem}`);
}
