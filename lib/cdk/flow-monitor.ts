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

/** Of a {@link FlowMonitor}. */
export interface FlowMonitorProps {
  readonly bus: IAgentEventBus;
  readonly catalog?: CatalogModule;
  /** A flow is slow once an event of it is recorded later than this after its first. Default 10 s. */
  readonly slowFlow?: Duration;
  /** A type spikes where a minute has more than `factor` times its usual count and more than `over`. Default 3 and 10. */
  readonly spike?: { readonly factor?: number; readonly over?: number };
}

const everyMinute = Duration.minutes(1);

/**
 * Reads every minute what history recorded, and publishes an alert event for a flow that is slow and for a type whose
 * rate has jumped. An alarm of its own rings where it fails.
 */
export class FlowMonitor extends Construct {
  readonly function: WaggleFunction;
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
      description: `Flows of bus ${bus.busName}, every minute`,
      schedule: Schedule.rate(everyMinute),
      // A run that fails is made up for by the next.
      targets: [new LambdaFunction(this.function, { retryAttempts: 0 })],
    });
    const { busName } = bus;
    this.alarm = busAlarm(this, "Fails", {
      busName,
      name: "watch-flows-fails",
      metric: functionErrors(resourceNames.watchFlowsFunction(busName)),
      above: 1,
      says: "watch-flows has failed more than once in 5 minutes: nobody watches flows and rates.",
      runbook: "flow-monitor-fails",
    });
    if (bus.made !== undefined) this.node.addDependency(bus.made);
  }
}
