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
import { metricDimensions, metricsNamespace } from "../aws-shared/index.ts";
import { BusArns } from "./arns.ts";
import { omitted } from "./omit.ts";

/** An alarm of a bus. */
export interface BusAlarmProps {
  readonly busName: string;
  /** Unique in the account and Region; the bus's name is put before it. */
  readonly name: string;
  readonly metric: IMetric;
  /** It rings where a value is above this. */
  readonly above: number;
  /** What has happened, in a sentence. */
  readonly says: string;
  /** Heading of docs/aws/operate.md that says what to do, as its anchor. */
  readonly runbook: string;
  /** Periods in a row. Default 1. */
  readonly periods?: number;
  /** Default: nothing happened, so all is well. */
  readonly missing?: TreatMissingData;
}

/** An alarm that goes to the bus's topic, and that says what has happened and where to read what to do. */
export function busAlarm(scope: Construct, id: string, props: BusAlarmProps): Alarm {
  const alarm = new Alarm(scope, id, {
    alarmName: `${props.busName}-${props.name}`,
    alarmDescription: `${props.says} Runbook: docs/aws/operate.md#${props.runbook} of wagglebus.`,
    metric: props.metric,
    threshold: props.above,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: props.periods ?? 1,
    treatMissingData: props.missing ?? TreatMissingData.NOT_BREACHING,
  });
  const { alarmTopic } = new BusArns(scope, props.busName);
  alarm.addAlarmAction(new SnsAction(Topic.fromTopicArn(Stack.of(scope), `Topic of ${alarm.node.addr}`, alarmTopic)));
  return alarm;
}

/** A metric of Waggle's functions: a count. */
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

/** Calls of a function that failed as a whole. */
export function functionErrors(functionName: string): Metric {
  return new Metric({
    namespace: "AWS/Lambda",
    metricName: "Errors",
    statistic: "Sum",
    dimensionsMap: { FunctionName: functionName },
  });
}

/**
 * Seconds that the oldest message of a queue has waited. Of a standard queue SQS leaves out what was received three times and
 * stays, so it says when messages are not taken, and not when they are tried in vain.
 */
export function oldestMessage(queueName: string): Metric {
  return queueMetric(queueName, "ApproximateAgeOfOldestMessage");
}

const minute = Duration.minutes(1);
/** Minutes after which a queue that should be empty is stuck. */
const stuckMinutes = 15;

/** Rings where a queue that is drained at once has had something in it for 15 minutes, however often that was received. */
export function stuckAlarm(
  scope: Construct,
  id: string,
  { queueName, ...props }: Omit<BusAlarmProps, "metric" | "above" | "periods"> & { readonly queueName: string },
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
  return busAlarm(scope, id, { ...props, metric, above: 0, periods: stuckMinutes });
}

function queueMetric(queueName: string, metricName: string): Metric {
  return new Metric({
    namespace: "AWS/SQS",
    metricName,
    statistic: "Maximum",
    dimensionsMap: { QueueName: queueName },
  });
}

/** Events that a rule could bring neither to its target nor to the dead letters. */
export function lostByRule(busName: string, ruleName: string): Metric {
  return new Metric({
    namespace: "AWS/Events",
    metricName: "InvocationsFailedToBeSentToDlq",
    statistic: "Sum",
    dimensionsMap: { EventBusName: busName, RuleName: ruleName },
  });
}
