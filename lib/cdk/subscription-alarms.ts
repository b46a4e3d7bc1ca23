import { Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { metricNames, resourceNames } from "../aws-shared/index.ts";
import { busAlarm, busMetric, functionErrors, lostByRule, oldestMessage, stuckAlarm } from "./alarms.ts";

/** Options of a subscription's alarms. */
export interface SubscriptionAlarms {
  /**
   * An alarm fires if the oldest message is older than this. Default 15 minutes. For a standard queue SQS does not count
   * messages that were received three or more times.
   */
  readonly oldestMessage?: Duration;
}

/** Fires if deliveries wait too long. */
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
    threshold: limit.toSeconds(),
    periods: 3,
    description: `Deliveries of ${name} have been waiting for more than ${limit.toHumanString()}.`,
    runbook: "oldest-message",
  });
}

/** Fires if invocations of a subscription's function fail in three consecutive periods, because it cannot start, for example. */
export function functionAlarm(scope: Construct, busName: string, name: string, functionName: string): void {
  busAlarm(scope, "FunctionFailsAlarm", {
    busName,
    name: `${name}-function-fails`,
    metric: functionErrors(functionName),
    threshold: 0,
    periods: 3,
    description: `The function of ${name} is failing.`,
    runbook: "function-fails",
  });
}

/** Fires if EventBridge takes the path of the message group as text. Events stay in order, and the function groups them. */
export function pathGroupsAlarm(scope: Construct, busName: string, name: string): void {
  busAlarm(scope, "MessageGroupsAlarm", {
    busName,
    name: `${name}-message-groups`,
    metric: busMetric(busName, metricNames.pathGroups, name),
    threshold: 0,
    description: `EventBridge does not read the ordering key of ${name}, so its consumer forms the message groups.`,
    runbook: "message-groups",
  });
}

/** Fires if a subscription or a forward has new dead letters, if they are not recorded, or if an event is lost. */
export function failureAlarms(scope: Construct, busName: string, name: string, fifo: boolean): void {
  busAlarm(scope, "DeadLettersAlarm", {
    busName,
    name: `${name}-dead-letters`,
    metric: busMetric(busName, metricNames.deadLetters, name),
    threshold: 0,
    description: `${name} has new dead letters.`,
    runbook: "dead-letters",
  });
  for (const isFifo of fifo ? [false, true] : [false]) {
    stuckAlarm(scope, isFifo ? "FifoDeadLettersStuckAlarm" : "DeadLettersStuckAlarm", {
      busName,
      name: `${name}-dead-letters-stuck${isFifo ? "-fifo" : ""}`,
      queueName: resourceNames.deadLetterQueue(busName, name, isFifo),
      description: `Dead letters of ${name} are not being recorded.`,
      runbook: "dead-letters-stuck",
    });
  }
  busAlarm(scope, "EventsLostAlarm", {
    busName,
    name: `${name}-events-lost`,
    metric: lostByRule(busName, resourceNames.rule(name)),
    threshold: 0,
    description: `EventBridge could deliver events for ${name} neither to their target nor to the dead-letter queue.`,
    runbook: "events-lost",
  });
}
