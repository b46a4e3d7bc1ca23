import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { AgentEventBus } from "./agent-event-bus.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import type { FoundSubscriber } from "./find-subscribers.ts";
import { Subscriber } from "./subscriber.ts";

/** Of a {@link SubscribersStack}. */
export interface SubscribersStackProps extends StackProps {
  /** A bus of this app, or the name of one that another app has made. */
  readonly bus: IAgentEventBus | string;
  /** `await findSubscribers("functions")`. */
  readonly subscribers: readonly FoundSubscriber[];
  /** A module whose default export is the catalog. Default: the standard catalog. */
  readonly catalog?: string;
}

/** One Lambda subscriber a folder: a team adds a folder, and nothing else. */
export class SubscribersStack extends Stack {
  readonly subscribers: readonly Subscriber[];

  constructor(scope: Construct, id: string, props: SubscribersStackProps) {
    const { bus: given, subscribers, catalog, ...stack } = props;
    super(scope, id, { description: "Subscribers of a bus of agents, carried by Waggle", ...stack });
    const bus = typeof given === "string" ? AgentEventBus.fromBusName(this, "Bus", given) : given;
    this.subscribers = subscribers.map(
      ({ folder, subscription }) =>
        new Subscriber(this, subscription.name, {
          bus,
          folder,
          subscription,
          ...(catalog === undefined ? {} : { catalog }),
        }),
    );
  }
}
