import { Duration } from "aws-cdk-lib";
import type { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";
import { checkAwsRules } from "../alerts/rules/on-aws.ts";
import type { AlertRule } from "../alerts/rules/rules.ts";
import { functionVariables, parameterNames, resourceNames } from "../aws-shared/index.ts";
import { activeAlerts, busAlarm, functionErrors } from "./alarms.ts";
import { type AlertDestination, alertDestinations } from "./alert-ways.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import type { CatalogModule } from "./catalog-module.ts";
import { recorderEntry } from "./entry.ts";
import { checkFunctionSettings, type FunctionSettings, functionSettings } from "./function-settings.ts";
import { BusGrants } from "./grants.ts";
import { stageSettings } from "./stage.ts";
import { WaggleFunction } from "./waggle-function.ts";

/** What is watched, and settings of the function that watches. */
export interface FlowMonitorSettings extends FunctionSettings {
  /**
   * The rules, as in `waggle.config.ts`: docs/local/alerts.md. All kinds but `backlog`, which the alarm `oldest-message` of each
   * subscription watches. Default: `slow-flow` and `rate-spike` with their defaults.
   */
  readonly rules?: readonly AlertRule[];
  /** Where alerts go, besides history. Default: nowhere; the alarm of each rule goes to the topic of the bus. */
  readonly to?: readonly AlertDestination[];
}

/** Properties of a {@link FlowMonitor}. */
export interface FlowMonitorProps extends FlowMonitorSettings {
  /** The bus whose flows are watched, and on which the alerts are published. */
  readonly bus: IAgentEventBus;
  /** The event types of the function. Default: the standard catalog. */
  readonly catalog?: CatalogModule;
}

const everyMinute = Duration.minutes(1);

/**
 * Checks every minute what history recorded, and publishes an alert event for each alert that is raised or cleared. Each rule has an
 * alarm that is in ALARM while an alert of it is active; another fires if the function fails. Throws `invalid_config`.
 */
export class FlowMonitor extends Construct {
  /** The function `watch-flows`, which runs every minute. */
  readonly function: WaggleFunction;
  /** The alarm that says that the function fails. */
  readonly alarm: Alarm;
  /** The alarm of each rule, by the rule's name. */
  readonly alerts: ReadonlyMap<string, Alarm>;

  constructor(scope: Construct, id: string, props: FlowMonitorProps) {
    super(scope, id);
    const { bus, catalog } = props;
    const { busName } = bus;
    const rules = checkAwsRules(props.rules, "watch-flows");
    checkFunctionSettings("watch-flows", props, 1);
    this.function = new WaggleFunction(this, "Function", {
      ...functionSettings(props),
      functionName: resourceNames.watchFlowsFunction(busName),
      logParameter: parameterNames.functionLog(busName, "watch-flows"),
      entry: recorderEntry(busName, "watch-flows", "watchFlows", {
        catalog,
        options: props.rules === undefined ? {} : { rules: props.rules },
      }),
      description: `Watches the flows of bus ${busName}`,
      timeout: everyMinute,
      environment: { ...props.environment, [functionVariables.bus]: bus.configFor(this) },
      stage: stageSettings(bus.stage),
    });
    const grants = new BusGrants(this, busName, bus.encryptionKey);
    grants.publish(this.function);
    grants.readHistory(this.function);
    if (rules.some(({ kind }) => kind === "dead-letters")) grants.measure(this.function);
    new Rule(this, "Schedule", {
      description: `Checks the flows of bus ${busName} every minute`,
      schedule: Schedule.rate(everyMinute),
      // The next check makes up for one that fails.
      targets: [new LambdaFunction(this.function, { retryAttempts: 0 })],
    });
    this.alarm = busAlarm(this, "Fails", {
      busName,
      name: "watch-flows-fails",
      metric: functionErrors(resourceNames.watchFlowsFunction(busName)),
      threshold: 1,
      description: "The function watch-flows has failed more than once in 5 minutes: rules are not being watched.",
      runbook: "flow-monitor-fails",
    });
    this.alerts = new Map(
      rules.map(({ name, kind }) => [
        name,
        busAlarm(this, `Alert ${name}`, {
          busName,
          name: `alert-${name}`,
          metric: activeAlerts(busName, name, everyMinute),
          threshold: 0,
          description: `The rule ${name}${name === kind ? "" : ` (${kind})`} has raised alerts.`,
          runbook: "alert-active",
        }),
      ]),
    );
    // What is set aside for one function is not for the others.
    const { reservedConcurrency: _, ...settings } = functionSettings(props);
    alertDestinations(this, bus, props.to ?? [], settings);
    if (bus.construct !== undefined) this.node.addDependency(bus.construct);
  }
}
