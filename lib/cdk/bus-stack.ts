import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { AgentEventBus, type AgentEventBusProps } from "./agent-event-bus.ts";

/** Properties of a {@link BusStack}. */
export interface BusStackProps extends StackProps, AgentEventBusProps {}

/** The stack of a bus with its archive, history and dead letters. */
export class BusStack extends Stack {
  /** The bus, for the subscribers and the monitoring of the same app. */
  readonly bus: AgentEventBus;

  constructor(scope: Construct, id: string, props: BusStackProps) {
    super(scope, id, { description: `Bus ${props.busName}: events of agents, carried by Waggle`, ...props });
    this.bus = new AgentEventBus(this, "Bus", props);
  }
}
