import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { AgentEventBus, type FoundSubscriber, QueueSubscriber, Subscriber } from "wagglebus/cdk";
import catalog from "./catalog.ts";
import indexer from "./indexer.ts";

export interface OrdersStackProps extends StackProps {
  readonly subscribers: readonly FoundSubscriber[];
}

/** A bus with its own event types, one function per folder, and a queue for a process that runs elsewhere. */
export class OrdersStack extends Stack {
  constructor(scope: Construct, id: string, { subscribers, ...props }: OrdersStackProps) {
    super(scope, id, props);
    const module = new URL("catalog.ts", import.meta.url).pathname;
    const bus = new AgentEventBus(this, "Bus", {
      busName: "orders",
      catalog: { module, catalog },
      history: { retention: Duration.days(30) },
    });
    for (const { folder, subscription } of subscribers) {
      new Subscriber(this, subscription.name, { bus, folder, subscription, catalog: module });
    }
    new QueueSubscriber(this, "Indexer", { bus, subscription: indexer });
  }
}
