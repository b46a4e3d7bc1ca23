import { join } from "node:path";
import { type App, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AttributeType, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { AgentEventBus, QueueSubscriber, Subscriber } from "../../../lib/cdk/index.ts";
import { isSubscriptionName, subscriptionOf, subscriptions } from "../../../lib/engine/contract/subscriptions.ts";
import type { Subscription } from "../../../lib/subscription/index.ts";
import { buses, forFunctions, recorderTable, subscriptionVariable, timeScale } from "./settings.ts";

/** Functions of one stack: a stack has 500 resources at most. */
const functionsOfAStack = 20;

/** The stacks of the contract suite: its subscriptions are deployed once, for processes and for functions. */
export function contractStacks(app: App): void {
  const polled = new Stack(app, "ContractPolled");
  const polledBus = new AgentEventBus(polled, "Bus", { busName: buses.polled });
  for (const subscription of deployable()) {
    new QueueSubscriber(polled, `On-${subscription.name}`, { bus: polledBus, subscription, alarms: false });
  }

  const functions = new Stack(app, "ContractFunctions");
  const functionsBus = new AgentEventBus(functions, "Bus", { busName: buses.functions });
  const recorder = new TableV2(functions, "Recorder", {
    tableName: recorderTable,
    partitionKey: { name: "flow", type: AttributeType.STRING },
    sortKey: { name: "n", type: AttributeType.NUMBER },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  let stack = functions;
  for (const [index, deployed] of deployable().entries()) {
    const subscription = forFunctions(deployed);
    if (index % functionsOfAStack === 0) stack = new Stack(app, `ContractFunctions${index / functionsOfAStack + 1}`);
    const subscriber = new Subscriber(stack, `On-${subscription.name}`, {
      bus: functionsBus,
      subscription,
      entry: join(import.meta.dirname, "handler.ts"),
      environment: { [subscriptionVariable]: subscription.name },
      alarms: false,
    });
    recorder.grantReadWriteData(subscriber);
  }
}

function deployable(): (Subscription & { name: string })[] {
  const all = Object.keys(subscriptions).filter(isSubscriptionName);
  return all.map((name) => {
    // No setting of a queue.
    const { maxBacklog: _, ...subscription } = subscriptionOf(name, timeScale);
    return { ...subscription, name };
  });
}
