import { Duration } from "aws-cdk-lib";
import type { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import {
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  Function as LambdaFn,
  StartingPosition,
} from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { functionVariables, metricNames, outboxTable, parameterNames, resourceNames } from "../aws-shared/index.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { busAlarm, functionErrors, outboxMetric } from "./alarms.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import { busTable } from "./bus-table.ts";
import { recorderEntry } from "./entry.ts";
import { checkFunctionSettings, type FunctionSettings, functionSettings } from "./function-settings.ts";
import { BusGrants } from "./grants.ts";
import { acknowledgeWildcards } from "./nag.ts";
import { stageSettings } from "./stage.ts";
import { WaggleFunction } from "./waggle-function.ts";

/** Properties of an {@link Outbox}, and settings of the function that relays it. */
export interface OutboxProps extends FunctionSettings {
  /** The bus that its events are published on. */
  readonly bus: IAgentEventBus;
  /** Tells several outboxes of a bus apart: 1 to 16 of a-z, 0-9 and -, starting with a letter. Default: the one without a name. */
  readonly name?: string;
  /** How old an entry that still waits may be before an alarm fires. Default 15 minutes, at least 2. */
  readonly lateAfter?: Duration;
}

const namePattern = /^[a-z][a-z0-9-]{0,15}$/;
const everyMinute = Duration.minutes(1);
/** Entries of which one invocation is told at most. */
const batchSize = 1_000;

/**
 * An outbox: a table for events that your functions add in transactions with their own writes, and the function
 * `relay-outbox`, which publishes each once its transaction has committed. What it cannot publish stays in the table: it is
 * tried again every minute, or is set aside for `waggle outbox`, which are its dead letters. Alarms tell of both.
 */
export class Outbox extends Construct {
  /** The table, for `dynamoOutbox` of `wagglebus/outbox/dynamodb`. */
  readonly table: Table;
  /** The function `relay-outbox`. */
  readonly function: WaggleFunction;
  /** They tell that the function fails, that entries were set aside, and that entries wait for long. */
  readonly alarms: readonly Alarm[];
  readonly #grants: BusGrants;

  constructor(scope: Construct, id: string, props: OutboxProps) {
    super(scope, id);
    const { bus } = props;
    const outbox = outboxName(props.name);
    checkFunctionSettings("relay-outbox", props, 1);
    const settings = stageSettings(bus.stage);
    this.#grants = new BusGrants(this, bus.busName, bus.encryptionKey);
    this.table = busTable(this, "Table", {
      ...{ tableName: resourceNames.outboxTable(bus.busName, outbox), keys: outboxTable, settings, stream: true },
      encryptionKey: bus.encryptionKey,
    });
    this.function = new WaggleFunction(this, "Function", {
      ...functionSettings(props),
      functionName: resourceNames.relayOutboxFunction(bus.busName, outbox),
      logParameter: parameterNames.functionLog(bus.busName, `relay-${outbox}`),
      entry: recorderEntry(bus.busName, `relay-${outbox}`, "relayOutbox", { catalog: undefined, options: { outbox } }),
      description: `Publishes on bus ${bus.busName} what is in its outbox ${outbox}`,
      timeout: everyMinute,
      environment: {
        ...props.environment,
        [functionVariables.bus]: bus.configFor(this),
        [functionVariables.outboxTable]: this.table.tableName,
      },
      stage: settings,
    });
    this.#grants.publish(this.function);
    this.#grants.relayOutbox(this.function, resourceNames.outboxTable(bus.busName, outbox));
    this.#invoke();
    this.alarms = this.#alarms(bus.busName, outbox, props.lateAfter ?? Duration.minutes(15));
    if (bus.construct !== undefined) this.node.addDependency(bus.construct);
  }

  /** Allows adding to the outbox. A Lambda function is also told its table, which `dynamoOutbox` then finds by itself. */
  grantAdd(to: IGrantable): void {
    this.#grants.addToOutbox(to, this.table.tableName);
    if (to instanceof LambdaFn) to.addEnvironment(functionVariables.outboxTable, this.table.tableName);
  }

  /** Allows an operator, with `waggle outbox`, to see what lies in the outbox, and to retry and discard it. */
  grantOperate(to: IGrantable): void {
    this.#grants.relayOutbox(to, this.table.tableName);
  }

  /** By the stream for what was just added, and by a schedule for what is to be tried again. */
  #invoke(): void {
    const streamArn = this.table.tableStreamArn;
    if (streamArn === undefined) throw new BusError("invalid_config", "the table of the outbox has no stream");
    const actions = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
    for (const statement of [
      { actions, resources: [streamArn] },
      { actions: ["dynamodb:ListStreams"], resources: ["*"] },
    ]) {
      this.function.addToRolePolicy(new PolicyStatement(statement));
    }
    acknowledgeWildcards(this.function.role ?? this, "IAM knows no resource for dynamodb:ListStreams.", ["*"]);
    const added = FilterCriteria.filter({ eventName: FilterRule.isEqual("INSERT") });
    new EventSourceMapping(this, "Source", {
      target: this.function,
      eventSourceArn: streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize,
      filters: [added],
      // What is given up here is still in the table, where the schedule finds it.
      retryAttempts: 2,
      maxRecordAge: Duration.minutes(10),
    });
    new Rule(this, "Schedule", {
      description: `Relays every minute what is to be tried again of ${this.table.tableName}`,
      schedule: Schedule.rate(everyMinute),
      // The next one makes up for one that fails.
      targets: [new LambdaFunction(this.function, { retryAttempts: 0 })],
    });
  }

  #alarms(busName: string, outbox: string, lateAfter: Duration): Alarm[] {
    const lateMs = lateAfter.toMilliseconds();
    if (lateMs < Duration.minutes(2).toMilliseconds()) {
      throw new BusError("invalid_config", `outbox: lateAfter ${mustBe("at least 2 minutes", lateAfter.toString())}`);
    }
    return [
      busAlarm(this, "Fails", {
        busName,
        name: `relay-${outbox}-fails`,
        metric: functionErrors(resourceNames.relayOutboxFunction(busName, outbox)),
        threshold: 1,
        description: `The function relay-${outbox} has failed more than once in 5 minutes.`,
        runbook: "outbox-relay-fails",
      }),
      busAlarm(this, "SetAside", {
        busName,
        name: `${outbox}-set-aside`,
        metric: outboxMetric(busName, metricNames.outboxFailed, outbox, "Sum"),
        threshold: 0,
        description: "Entries of the outbox cannot be published and were set aside.",
        runbook: "outbox-set-aside",
      }),
      busAlarm(this, "Late", {
        busName,
        name: `${outbox}-late`,
        metric: outboxMetric(busName, metricNames.outboxAge, outbox, "Maximum"),
        threshold: lateMs,
        description: "Entries of the outbox have been waiting for long.",
        runbook: "outbox-late",
      }),
    ];
  }
}

/** As names of resources and metrics have it. */
function outboxName(name: string | undefined): string {
  if (name === undefined) return "outbox";
  if (namePattern.test(name)) return `outbox-${name}`;
  throw new BusError(
    "invalid_config",
    `outbox: name ${mustBe("1 to 16 of a-z, 0-9 and -, starting with a letter", name)}`,
  );
}
