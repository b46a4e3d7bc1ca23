import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";
import { functionVariables, resourceNames } from "../aws/index.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import type { CatalogModule } from "./catalog-module.ts";
import { recorderEntry } from "./event-history.ts";
import { BusGrants } from "./grants.ts";
import { stageSettings } from "./stage.ts";
import { WaggleFunction } from "./waggle-function.ts";

/** Of a {@link FlowMonitor}. */
export interface FlowMonitorProps {
  readonly bus: IAgentEventBus;
  readonly catalog?: CatalogModule;
}

const everyMinute = Duration.minutes(1);

/**
 * Looks every minute at what history recorded, and publishes an alert event for a flow that is slow and for a type whose
 * rate has jumped.
 */
export class FlowMonitor extends Construct {
  readonly function: WaggleFunction;

  constructor(scope: Construct, id: string, { bus, catalog }: FlowMonitorProps) {
    super(scope, id);
    const settings = stageSettings(bus.stage);
    this.function = new WaggleFunction(this, "Function", {
      functionName: resourceNames.watchFlowsFunction(bus.busName),
      entry: recorderEntry(bus.busName, "watch-flows", "watchFlows", catalog),
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
      // A look that fails is made up for by the next.
      targets: [new LambdaFunction(this.function, { retryAttempts: 0 })],
    });
    if (bus.made !== undefined) this.node.addDependency(bus.made);
  }
}
