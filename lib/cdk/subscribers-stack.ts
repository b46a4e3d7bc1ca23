import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { IAgentEventBus } from "./bus-reference.ts";
import type { FoundSubscriber } from "./find-subscribers.ts";
import { Subscriber } from "./subscriber.ts";

/** Of a {@link SubscribersStack}. */
export interface SubscribersStackProps extends StackProps {
  readonly bus: IAgentEventBus;
  /** `await findSubscribers("functions")`. */
  readonly subscribers: readonly FoundSubscriber[];
  /** A module whose default export is the catalog. Default: the standard catalog. */
  readonly catalog?: string;
}

/** One Lambda subscriber a folder: a team adds a folder, and nothing else. */
export class SubscribersStack extends Stack {
  readonly subscribers: readonly Subscriber[];

  constructor(scope: Construct, id: string, props: SubscribersStackProps) {
    const { bus, subscribers, catalog, ...stack } = props;
    super(scope, id, { description: `Subscribers of bus ${bus.busName}`, ...stack });
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
