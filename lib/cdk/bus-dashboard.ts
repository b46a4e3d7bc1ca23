import { Duration, Stack } from "aws-cdk-lib";
import { Dashboard, GraphWidget, MathExpression } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import { metricDimensions, metricNames, metricsNamespace, resourceNames } from "../aws-shared/index.ts";
import { busMetric, oldestMessage } from "./alarms.ts";

/** Properties of a {@link BusDashboard}. */
export interface BusDashboardProps {
  /** The name of the bus, in the same account and Region. */
  readonly busName: string;
}

/** A CloudWatch dashboard of a bus. It finds subscriptions by the bus's name, so a new one needs no change here. */
export class BusDashboard extends Construct {
  /** The dashboard, to which you can add widgets. */
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, { busName }: BusDashboardProps) {
    super(scope, id);
    const perSubscription = (metricName: string) =>
      search(
        `{${metricsNamespace},${metricDimensions.bus},${metricDimensions.subscription}} MetricName="${metricName}" ${metricDimensions.bus}="${busName}"`,
        "Sum",
      );
    const graph = (title: string, left: MathExpression[]) => new GraphWidget({ title, left, width: 12, height: 6 });
    this.dashboard = new Dashboard(this, "Dashboard", {
      // The name of a dashboard is unique in the account, not per Region.
      dashboardName: `${busName}-${Stack.of(this).region}`,
      defaultInterval: Duration.hours(3),
      widgets: [
        [
          graph("Delivered", [perSubscription(metricNames.delivered)]),
          graph("Failed and retried", [perSubscription(metricNames.failed), perSubscription(metricNames.retried)]),
        ],
        [
          graph("Dead letters", [perSubscription(metricNames.deadLetters)]),
          graph("Age of the oldest message in seconds", [
            // Without quotes the search matches words of the name, as CloudWatch cannot search by prefix. It also finds the
            // queues of another bus that has these words in its name.
            search(`{AWS/SQS,QueueName} MetricName="ApproximateAgeOfOldestMessage" QueueName=${busName}`, "Maximum"),
          ]),
        ],
        [
          new GraphWidget({
            title: "History",
            width: 12,
            height: 6,
            left: [busMetric(busName, metricNames.recorded), busMetric(busName, metricNames.recordErrors)],
            right: [oldestMessage(resourceNames.historyQueue(busName))],
          }),
          graph("Events by rule", [
            search(`{AWS/Events,EventBusName,RuleName} MetricName="MatchedEvents" EventBusName="${busName}"`, "Sum"),
          ]),
        ],
      ],
    });
  }
}

function search(query: string, statistic: string): MathExpression {
  const period = Duration.minutes(1);
  return new MathExpression({
    expression: `SEARCH('${query}', '${statistic}', ${period.toSeconds()})`,
    label: "",
    period,
  });
}
