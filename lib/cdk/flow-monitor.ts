import { Duration } from "aws-cdk-lib";
import type { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";
import { functionVariables, resourceNames } from "../aws-shared/index.ts";
import { busAlarm, functionErrors } from "./alarms.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import type { CatalogModule } from "./catalog-module.ts";
import { recorderEntry } from "./entry.ts";
import { BusGrants } from "./grants.ts";
import { stageSettings } from "./stage.ts";
import { WaggleFunction } from "./waggle-function.ts";

/** Properties of a {@link FlowMonitor}. */
export interface FlowMonitorProps {
  /** The bus whose flows are watched, and on which the alerts are published. */
  readonly bus: IAgentEventBus;
  /** The event types of the function. Default: the standard catalog. */
  readonly catalog?: CatalogModule;
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
    const settings = stageSettings(bus.stage);
    this.function = new WaggleFunction(this, "Function", {
      functionName: resourceNames.watchFlowsFunction(bus.busName),
      entry: recorderEntry(bus.busName, "watch-flows", "watchFlows", { catalog, options: limits }),
      description: `Watches the flows of bus ${bus.busName}`,
      timeout: everyMinute,
      environment: { [functionVariables.bus]: bus.configFor(this) },
      logRetention: settings.logRetention,
      removalPolicy: settings.removalPolicy,
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
