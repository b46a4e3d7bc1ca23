import { Duration } from "aws-cdk-lib";
import { type Alarm, AlarmRule, AlarmState, CompositeAlarm } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { metricNames, resourceNames } from "../aws-shared/index.ts";
import { busAlarm, busMetric, functionErrors, lostByRule, messagesSent, oldestMessage, stuckAlarm } from "./alarms.ts";
import { BusArns } from "./arns.ts";
import { omitted } from "./omit.ts";

/** Properties of {@link BusAlarms}. */
export interface BusAlarmsProps {
  /** The name of the bus, in the same account and Region. */
  readonly busName: string;
  /** Whether the bus has a key of its own, and so a dead-letter queue of its own. Default false. */
  readonly encrypted?: boolean;
}

/** The alarms of a bus: its recorders and its publishers' dead letters. A subscription has its own alarms. */
export class BusAlarms extends Construct {
  /** The alarms, for a composite alarm or a dashboard of your own. */
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { busName, encrypted = false }: BusAlarmsProps) {
    super(scope, id);
    this.alarms = [
      busAlarm(this, "Unpublished", {
        busName,
        name: "unpublished",
        metric: busMetric(busName, metricNames.deadLetters),
        threshold: 0,
        description:
          "There are dead letters without a subscription: a publisher could not deliver events to the bus, or an event is invalid for its type.",
        runbook: "unpublished-events",
      }),
      stuckAlarm(this, "UnpublishedStuck", {
        busName,
        name: "unpublished-stuck",
        queueName: resourceNames.publisherDeadLetterQueue(busName),
        description: "Dead letters of publishers are not being recorded.",
        runbook: "dead-letters-stuck",
      }),
      busAlarm(this, "RecordErrors", {
        busName,
        name: "record-errors",
        metric: busMetric(busName, metricNames.recordErrors),
        threshold: 0,
        description: "A recorder could not record a batch of events; it will retry.",
        runbook: "record-errors",
      }),
      busAlarm(this, "HistoryRecorderFails", {
        busName,
        name: "record-history-fails",
        metric: functionErrors(resourceNames.recordHistoryFunction(busName)),
        threshold: 0,
        periods: 2,
        description: "The function record-history is failing.",
        runbook: "recorder-fails",
      }),
      busAlarm(this, "DeadLetterRecorderFails", {
        busName,
        name: "record-dead-letter-fails",
        metric: functionErrors(resourceNames.recordDeadLetterFunction(busName)),
        threshold: 0,
        periods: 2,
        description: "The function record-dead-letter is failing.",
        runbook: "recorder-fails",
      }),
      busAlarm(this, "HistoryLate", {
        busName,
        name: "history-late",
        metric: oldestMessage(resourceNames.historyQueue(busName)),
        threshold: Duration.minutes(15).toSeconds(),
        description: "Events have been waiting for more than 15 minutes to be recorded.",
        runbook: "history-late",
      }),
      stuckAlarm(this, "HistoryDeadLetters", {
        busName,
        name: "history-dead-letters",
        queueName: resourceNames.historyDeadLetterQueue(busName),
        description: "Neither record-history nor record-dead-letter could record some events.",
        runbook: "dead-letters-stuck",
      }),
      busAlarm(this, "HistoryEventsLost", {
        busName,
        name: "history-events-lost",
        metric: lostByRule(busName, resourceNames.historyRule),
        threshold: 0,
        description: "EventBridge could deliver events neither to the queue of history nor to its dead-letter queue.",
        runbook: "events-lost",
      }),
      ...(encrypted ? this.#ofKey(busName) : []),
    ];
    if (!omitted(this).has("composite-alarm")) this.#composite(busName);
  }

  /** The dead letters of the bus itself are drained at once, so the first alarm counts those that are sent. */
  #ofKey(busName: string): Alarm[] {
    const queueName = resourceNames.busDeadLetterQueue(busName);
    return [
      busAlarm(this, "Unprocessed", {
        busName,
        name: "bus-dead-letters",
        metric: messagesSent(queueName),
        threshold: 0,
        description: "The bus accepted events and could not process them, because it cannot use its key.",
        runbook: "unprocessed-events",
      }),
      stuckAlarm(this, "UnprocessedStuck", {
        busName,
        name: "bus-dead-letters-stuck",
        queueName,
        description: "Dead letters of the bus are not being recorded.",
        runbook: "dead-letters-stuck",
      }),
    ];
  }

  #composite(busName: string): void {
    const any = AlarmRule.anyOf(...this.alarms.map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM)));
    const composite = new CompositeAlarm(this, "Unhealthy", {
      compositeAlarmName: `${busName}-unhealthy`,
      alarmDescription: `Bus ${busName} is unhealthy. Runbook: docs/aws/operate.md#which-alarm of wagglebus.`,
      alarmRule: any,
    });
    const { alarmTopic } = new BusArns(this, busName);
    composite.addAlarmAction(new SnsAction(Topic.fromTopicArn(this, "Topic", alarmTopic)));
  }
}
