import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { SubscriptionRecord } from "../subscription/index.ts";
import { AgentEventBus } from "./agent-event-bus.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import type { FoundSubscriber } from "./find-subscribers.ts";
import { Subscriber, type SubscriberSettings } from "./subscriber.ts";

/** Properties of a {@link SubscribersStack}. */
export interface SubscribersStackProps extends StackProps {
  /** A bus of this app, or the name of a bus that another app creates. */
  readonly bus: IAgentEventBus | string;
  /** The result of `await findSubscribers("functions")`. */
  readonly subscribers: readonly FoundSubscriber[];
  /** A module whose default export is the catalog. Default: the standard catalog. */
  readonly catalog?: string;
  /** Returns the settings of one of the subscribers; called once for each. Default: no settings. */
  readonly settings?: (subscription: SubscriptionRecord) => SubscriberSettings;
}

/** The stack of a team's Lambda subscribers, one per folder: to add a subscriber, add a folder. */
export class SubscribersStack extends Stack {
  /** The subscribers, in the order in which they were found. */
  readonly subscribers: readonly Subscriber[];

  constructor(scope: Construct, id: string, props: SubscribersStackProps) {
    const { bus: given, subscribers, catalog, settings, ...stack } = props;
    super(scope, id, { description: "Subscribers of a bus of agents, carried by Waggle", ...stack });
    const bus = typeof given === "string" ? AgentEventBus.fromBusName(this, "Bus", given) : given;
    this.subscribers = subscribers.map(
      ({ folder, subscription }) =>
        new Subscriber(this, subscription.name, {
          ...settings?.(subscription),
          bus,
          folder,
          subscription,
          ...(catalog === undefined ? {} : { catalog }),
        }),
    );
  }
}
