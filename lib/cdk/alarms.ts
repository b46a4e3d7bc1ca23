import { Duration, Stack } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { metricDimensions, metricNames, metricsNamespace } from "../aws-shared/index.ts";
import { BusArns } from "./arns.ts";
import { omitted } from "./omit.ts";

/** Properties of an alarm of a bus. */
export interface BusAlarmProps {
  readonly busName: string;
  /** Unique in the account and Region; prefixed with the name of the bus. */
  readonly name: string;
  readonly metric: IMetric;
  /** The alarm fires if the metric is above this value. */
  readonly threshold: number;
  /** What has happened, in a sentence. */
  readonly description: string;
  /** Anchor of the runbook in docs/aws/operate.md. */
  readonly runbook: string;
  /** Number of consecutive periods. Default 1. */
  readonly periods?: number;
  /** Default: missing data does not breach the threshold. */
  readonly treatMissingData?: TreatMissingData;
}

/** Creates an alarm that notifies the bus's topic. Its description names the problem and the runbook. */
export function busAlarm(scope: Construct, id: string, props: BusAlarmProps): Alarm {
  const alarm = new Alarm(scope, id, {
    alarmName: `${props.busName}-${props.name}`,
    alarmDescription: `${props.description} Runbook: docs/aws/operate.md#${props.runbook} of wagglebus.`,
    metric: props.metric,
    threshold: props.threshold,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: props.periods ?? 1,
    treatMissingData: props.treatMissingData ?? TreatMissingData.NOT_BREACHING,
  });
  const { alarmTopic } = new BusArns(scope, props.busName);
  alarm.addAlarmAction(new SnsAction(Topic.fromTopicArn(Stack.of(scope), `Topic of ${alarm.node.addr}`, alarmTopic)));
  return alarm;
}

/** Returns a count that Waggle's functions emit, for the whole bus or for one subscription. */
export function busMetric(busName: string, metricName: string, subscription?: string): Metric {
  return new Metric({
    namespace: metricsNamespace,
    metricName,
    statistic: "Sum",
    dimensionsMap: {
      [metricDimensions.bus]: busName,
      ...(subscription === undefined ? {} : { [metricDimensions.subscription]: subscription }),
    },
  });
}

/** Returns a metric that the relay of an outbox emits. */
export function outboxMetric(
  busName: string,
  metricName: string,
  outbox: string,
  statistic: "Sum" | "Maximum",
): Metric {
  const dimensionsMap = { [metricDimensions.bus]: busName, [metricDimensions.outbox]: outbox };
  return new Metric({ namespace: metricsNamespace, metricName, statistic, dimensionsMap });
}

/** Returns the most alerts of a rule that were active at once in a period. */
export function activeAlerts(busName: string, rule: string, period: Duration): Metric {
  return new Metric({
    namespace: metricsNamespace,
    metricName: metricNames.activeAlerts,
    statistic: "Maximum",
    period,
    dimensionsMap: { [metricDimensions.bus]: busName, [metricDimensions.alert]: rule },
  });
}

/** Returns the number of failed invocations of a function. */
export function functionErrors(functionName: string): Metric {
  return new Metric({
    namespace: "AWS/Lambda",
    metricName: "Errors",
    statistic: "Sum",
    dimensionsMap: { FunctionName: functionName },
  });
}

/**
 * Returns the age of a queue's oldest message in seconds. For a standard queue SQS ignores messages that were received three
 * or more times, so this metric shows that messages are not received, not that they fail repeatedly.
 */
export function oldestMessage(queueName: string): Metric {
  return queueMetric(queueName, "ApproximateAgeOfOldestMessage");
}

/** Returns the number of messages that were sent to a queue. Those that SQS itself moves to a dead-letter queue do not count. */
export function messagesSent(queueName: string): Metric {
  return queueMetric(queueName, "NumberOfMessagesSent", "Sum");
}

const minute = Duration.minutes(1);
/** A queue that is drained at once is stuck if it has not been empty for this many minutes. */
const stuckMinutes = 15;

/** Fires if a queue that is drained at once has had messages for 15 minutes, however often they were received. */
export function stuckAlarm(
  scope: Construct,
  id: string,
  { queueName, ...props }: Omit<BusAlarmProps, "metric" | "threshold" | "periods"> & { readonly queueName: string },
): Alarm {
  const visible = queueMetric(queueName, "ApproximateNumberOfMessagesVisible");
  const hidden = queueMetric(queueName, "ApproximateNumberOfMessagesNotVisible");
  const metric = omitted(scope).has("metric-math")
    ? visible.with({ period: minute })
    : new MathExpression({
        expression: "visible + hidden",
        usingMetrics: { visible, hidden },
        label: "Messages",
        period: minute,
      });
  return busAlarm(scope, id, { ...props, metric, threshold: 0, periods: stuckMinutes });
}

function queueMetric(queueName: string, metricName: string, statistic = "Maximum"): Metric {
  return new Metric({
    namespace: "AWS/SQS",
    metricName,
    statistic,
    dimensionsMap: { QueueName: queueName },
  });
}

/** Returns the number of events that a rule could deliver neither to its target nor to its dead-letter queue. */
export function lostByRule(busName: string, ruleName: string): Metric {
  return new Metric({
    namespace: "AWS/Events",
    metricName: "InvocationsFailedToBeSentToDlq",
    statistic: "Sum",
    dimensionsMap: { EventBusName: busName, RuleName: ruleName },
  });
}
