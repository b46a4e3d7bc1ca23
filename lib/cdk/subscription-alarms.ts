import { Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { metricNames, resourceNames } from "../aws-shared/index.ts";
import { busAlarm, busMetric, functionErrors, lostByRule, oldestMessage, stuckAlarm } from "./alarms.ts";

/** Alarms of a subscription. */
export interface SubscriptionAlarms {
  /**
   * Rings when the oldest message has waited longer. Default 15 minutes. Of a standard queue those that were received three
   * times do not count: they are tried, in vain.
   */
  readonly oldestMessage?: Duration;
}

/** Rings when deliveries wait too long. */
export function waitingAlarm(
  scope: Construct,
  busName: string,
  name: string,
  { queueName, limit = Duration.minutes(15) }: { queueName: string; limit: Duration | undefined },
): void {
  busAlarm(scope, "OldestMessageAlarm", {
    busName,
    name: `${name}-oldest-message`,
    metric: oldestMessage(queueName),
    above: limit.toSeconds(),
    periods: 3,
    says: `Deliveries of ${name} wait for more than ${limit.toHumanString()}.`,
    runbook: "oldest-message",
  });
}

/** Rings when the function of a subscription has failed as a whole in three periods in a row: it does not even start, say. */
export function functionAlarm(scope: Construct, busName: string, name: string, functionName: string): void {
  busAlarm(scope, "FunctionFailsAlarm", {
    busName,
    name: `${name}-function-fails`,
    metric: functionErrors(functionName),
    above: 0,
    periods: 3,
    says: `The function of ${name} fails as a whole.`,
    runbook: "function-fails",
  });
}

/** Rings when a subscription, or a forward, gets dead letters, when they are not recorded, and when an event is lost. */
export function failureAlarms(scope: Construct, busName: string, name: string, fifo: boolean): void {
  busAlarm(scope, "DeadLettersAlarm", {
    busName,
    name: `${name}-dead-letters`,
    metric: busMetric(busName, metricNames.deadLetters, name),
    above: 0,
    says: `${name} has new dead letters.`,
    runbook: "dead-letters",
  });
  for (const behindFifo of fifo ? [false, true] : [false]) {
    stuckAlarm(scope, behindFifo ? "FifoDeadLettersStuckAlarm" : "DeadLettersStuckAlarm", {
      busName,
      name: `${name}-dead-letters-stuck${behindFifo ? "-fifo" : ""}`,
      queueName: resourceNames.deadLetterQueue(busName, name, behindFifo),
      says: `Dead letters of ${name} are not recorded.`,
      runbook: "dead-letters-stuck",
    });
  }
  busAlarm(scope, "EventsLostAlarm", {
    busName,
    name: `${name}-events-lost`,
    metric: lostByRule(busName, resourceNames.rule(name)),
    above: 0,
    says: `EventBridge could bring events for ${name} neither to their target nor to the dead letters.`,
    runbook: "events-lost",
  });
}
