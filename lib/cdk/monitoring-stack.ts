import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { AgentEventBus } from "./agent-event-bus.ts";
import { BusAlarms } from "./bus-alarms.ts";
import { BusDashboard } from "./bus-dashboard.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import type { CatalogModule } from "./catalog-module.ts";
import { FlowMonitor, type FlowMonitorSettings } from "./flow-monitor.ts";
import { omitted } from "./omit.ts";

/** Properties of a {@link MonitoringStack}. */
export interface MonitoringStackProps extends StackProps {
  /**
   * A bus of this app, or the name of a bus that another app creates. If that one has a key of its own, give
   * `AgentEventBus.fromBusName(…, { encryptionKey })`, so that its dead-letter queue is monitored too.
   */
  readonly bus: IAgentEventBus | string;
  /** The event types of the function that watches flows. Default: the standard catalog. */
  readonly catalog?: CatalogModule;
  /** Settings of the flow monitor. */
  readonly flows?: FlowMonitorSettings;
}

/** The stack that monitors a bus: alarms, dashboard and flow monitor. */
export class MonitoringStack extends Stack {
  /** The alarms of the bus as a whole. */
  readonly alarms: BusAlarms;
  /** What watches flows and publishes alerts. */
  readonly flows: FlowMonitor;
  /** Undefined if the context `omit` names it. */
  readonly dashboard: BusDashboard | undefined;

  constructor(scope: Construct, id: string, props: MonitoringStackProps) {
    const { bus: given, catalog, flows, ...stack } = props;
    super(scope, id, { description: "Alarms and dashboard of a bus of agents, carried by Waggle", ...stack });
    const bus = typeof given === "string" ? AgentEventBus.fromBusName(this, "Bus", given) : given;
    const { busName } = bus;
    this.alarms = new BusAlarms(this, "Alarms", { busName, encrypted: bus.encryptionKey !== undefined });
    this.flows = new FlowMonitor(this, "Flows", { ...flows, bus, ...(catalog === undefined ? {} : { catalog }) });
    this.dashboard = omitted(this).has("dashboard") ? undefined : new BusDashboard(this, "Dashboard", { busName });
    if (bus.construct !== undefined) this.node.addDependency(bus.construct);
  }
}
