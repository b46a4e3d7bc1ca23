import { Duration } from "aws-cdk-lib";
import type { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";
import { functionVariables, parameterNames, resourceNames } from "../aws-shared/index.ts";
import { busAlarm, functionErrors } from "./alarms.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import type { CatalogModule } from "./catalog-module.ts";
import { recorderEntry } from "./entry.ts";
import { checkFunctionSettings, type FunctionSettings, functionSettings } from "./function-settings.ts";
import { BusGrants } from "./grants.ts";
import { stageSettings } from "./stage.ts";
import { WaggleFunction } from "./waggle-function.ts";

/** What is watched, and settings of the function that watches. */
export interface FlowMonitorSettings extends FunctionSettings {
  /** A flow is slow if one of its events is recorded later than this after its first event. Default 10 s. */
  readonly slowFlow?: Duration;
  /**
   * A type spikes if it has more events in a minute than `factor` times its usual count and more than `over`. Default 3 and
   * 10.
   */
  readonly spike?: {
    /** Times the usual count. Default 3. */
    readonly factor?: number;
    /** Events in a minute. Default 10. */
    readonly over?: number;
  };
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
 * Checks every minute what history recorded, and publishes an alert event for each slow flow and each type with a spike. Its
 * own alarm fires if it fails.
 */
export class FlowMonitor extends Construct {
  /** The function `watch-flows`, which runs every minute. */
  readonly function: WaggleFunction;
  /** The alarm that says that the function fails. */
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, props: FlowMonitorProps) {
    super(scope, id);
    const { bus, catalog, slowFlow, spike } = props;
    const limits = { ...(slowFlow && { slowFlow: slowFlow.toMilliseconds() }), ...(spike && { spike }) };
    checkFunctionSettings("watch-flows", props, 1);
    this.function = new WaggleFunction(this, "Function", {
      ...functionSettings(props),
      functionName: resourceNames.watchFlowsFunction(bus.busName),
      logParameter: parameterNames.functionLog(bus.busName, "watch-flows"),
      entry: recorderEntry(bus.busName, "watch-flows", "watchFlows", { catalog, options: limits }),
      description: `Watches the flows of bus ${bus.busName}`,
      timeout: everyMinute,
      environment: { ...props.environment, [functionVariables.bus]: bus.configFor(this) },
      stage: stageSettings(bus.stage),
    });
    const grants = new BusGrants(this, bus.busName, bus.encryptionKey);
    grants.publish(this.function);
    grants.readHistory(this.function);
    new Rule(this, "Schedule", {
      description: `Checks the flows of bus ${bus.busName} every minute`,
      schedule: Schedule.rate(everyMinute),
      // The next check makes up for one that fails.
      targets: [new LambdaFunction(this.function, { retryAttempts: 0 })],
    });
    const { busName } = bus;
    this.alarm = busAlarm(this, "Fails", {
      busName,
      name: "watch-flows-fails",
      metric: functionErrors(resourceNames.watchFlowsFunction(busName)),
      threshold: 1,
      description:
        "The function watch-flows has failed more than once in 5 minutes: flows and rates are not being monitored.",
      runbook: "flow-monitor-fails",
    });
    if (bus.construct !== undefined) this.node.addDependency(bus.construct);
  }
}
