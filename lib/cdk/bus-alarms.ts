import { Duration } from "aws-cdk-lib";
import { type Alarm, AlarmRule, AlarmState, CompositeAlarm } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { metricNames, resourceNames } from "../aws-shared/index.ts";
import { busAlarm, busMetric, functionErrors, lostByRule, oldestMessage, stuckAlarm } from "./alarms.ts";
import { BusArns } from "./arns.ts";
import { omitted } from "./omit.ts";

/** Of {@link BusAlarms}. */
export interface BusAlarmsProps {
  readonly busName: string;
}

/** The alarms of a bus itself: its recorders and its publishers' dead letters. Those of a subscription are its own. */
export class BusAlarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { busName }: BusAlarmsProps) {
    super(scope, id);
    this.alarms = [
      busAlarm(this, "Unpublished", {
        busName,
        name: "unpublished",
        metric: busMetric(busName, metricNames.deadLetters),
        above: 0,
        says: "Dead letters of no subscription: a publisher could not bring events to the bus, or they are none of their type.",
        runbook: "unpublished-events",
      }),
      stuckAlarm(this, "UnpublishedStuck", {
        busName,
        name: "unpublished-stuck",
        queueName: resourceNames.publisherDeadLetterQueue(busName),
        says: "Dead letters of publishers are not recorded.",
        runbook: "dead-letters-stuck",
      }),
      busAlarm(this, "RecordErrors", {
        busName,
        name: "record-errors",
        metric: busMetric(busName, metricNames.recordErrors),
        above: 0,
        says: "A recorder could not record what it was given; it tries again.",
        runbook: "record-errors",
      }),
      busAlarm(this, "HistoryRecorderFails", {
        busName,
        name: "record-history-fails",
        metric: functionErrors(resourceNames.recordHistoryFunction(busName)),
        above: 0,
        periods: 2,
        says: "record-history fails as a whole.",
        runbook: "recorder-fails",
      }),
      busAlarm(this, "DeadLetterRecorderFails", {
        busName,
        name: "record-dead-letter-fails",
        metric: functionErrors(resourceNames.recordDeadLetterFunction(busName)),
        above: 0,
        periods: 2,
        says: "record-dead-letter fails as a whole.",
        runbook: "recorder-fails",
      }),
      busAlarm(this, "HistoryLate", {
        busName,
        name: "history-late",
        metric: oldestMessage(resourceNames.historyQueue(busName)),
        above: Duration.minutes(15).toSeconds(),
        says: "Events wait for more than 15 minutes to be recorded.",
        runbook: "history-late",
      }),
      stuckAlarm(this, "HistoryDeadLetters", {
        busName,
        name: "history-dead-letters",
        queueName: resourceNames.historyDeadLetterQueue(busName),
        says: "Events could not be recorded, neither by record-history nor by record-dead-letter.",
        runbook: "dead-letters-stuck",
      }),
      busAlarm(this, "HistoryEventsLost", {
        busName,
        name: "history-events-lost",
        metric: lostByRule(busName, resourceNames.historyRule),
        above: 0,
        says: "EventBridge could bring events neither to history's queue nor to its dead letters.",
        runbook: "events-lost",
      }),
    ];
    if (!omitted(this).has("composite-alarm")) this.#composite(busName);
  }

  #composite(busName: string): void {
    const any = AlarmRule.anyOf(...this.alarms.map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM)));
    const composite = new CompositeAlarm(this, "Unhealthy", {
      compositeAlarmName: `${busName}-unhealthy`,
      alarmDescription: `Something of bus ${busName} itself is wrong. Runbook: docs/aws/operate.md#which-alarm of wagglebus.`,
      alarmRule: any,
    });
    const { alarmTopic } = new BusArns(this, busName);
    composite.addAlarmAction(new SnsAction(Topic.fromTopicArn(this, "Topic", alarmTopic)));
  }
}
