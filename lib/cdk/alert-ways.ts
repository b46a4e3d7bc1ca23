import { Stack, Token } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { alertSubscription } from "../alerts/rules/alert-subscription.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { BusArns } from "./arns.ts";
import { allowEvents } from "./bus-queue.ts";
import type { IAgentEventBus } from "./bus-reference.ts";
import { busRule } from "./bus-rule.ts";
import { checkSubscription } from "./check-subscription.ts";
import { drainedQueue } from "./drained-queue.ts";
import { recorderEntry } from "./entry.ts";
import type { FunctionSettings } from "./function-settings.ts";
import { Subscriber } from "./subscriber.ts";
import { failureAlarms } from "./subscription-alarms.ts";

/** A way out for the alerts of a {@link FlowMonitor}. Each has a queue for what it could not take: dead letters of `alert-<name>`. */
export type AlertDestination =
  | {
      /**
       * Receives each alert as EventBridge's event. The construct allows its rule to publish; for a topic that was imported, or
       * that has a key of its own, you allow `events.amazonaws.com` to.
       */
      readonly topic: ITopic;
      readonly webhook?: never;
      readonly secretParameter?: never;
      /** Names its rule, `alert-<name>`. Default `topic`. */
      readonly name?: string;
    }
  | {
      /** Receives each alert as a POST that is signed by Standard Webhooks: an https URL. */
      readonly webhook: string;
      /** The name of an SSM parameter, a `SecureString` that you create, with the secret: `whsec_` and 24 to 64 bytes as base64. */
      readonly secretParameter: string;
      readonly topic?: never;
      /** Names its subscription, `alert-<name>`. Default `webhook`. */
      readonly name?: string;
    };

/** Creates the ways out; `settings` are for their functions. Throws `invalid_config`, and `conflict` for two with one name. */
export function alertDestinations(
  scope: Construct,
  bus: IAgentEventBus,
  to: readonly AlertDestination[],
  settings: FunctionSettings,
): void {
  for (const destination of to) {
    if (destination.topic === undefined) alertWebhook(scope, bus, destination, settings);
    else alertTopic(scope, bus, destination);
  }
}

function alertTopic(
  scope: Construct,
  bus: IAgentEventBus,
  { topic, name = "topic" }: Extract<AlertDestination, { topic: ITopic }>,
): void {
  const checked = checkSubscription(alertSubscription(name));
  const { name: rule } = checked.record;
  const own = new Construct(scope, rule);
  const ruleArn = new BusArns(own, bus.busName).rule(rule);
  const deadLetters = drainedQueue(own, "DeadLetters", { bus, subscription: rule, fifo: false });
  allowEvents(deadLetters, ruleArn);
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: `${bus.busName}-${rule}`.replaceAll("-", ""),
      actions: ["sns:Publish"],
      principals: [new ServicePrincipal("events.amazonaws.com")],
      resources: [topic.topicArn],
      conditions: { ArnEquals: { "aws:SourceArn": ruleArn } },
    }),
  );
  busRule(own, {
    bus,
    checked,
    description: `Alerts of bus ${bus.busName}`,
    target: { id: "topic", arn: topic.topicArn, deadLetterConfig: { arn: deadLetters.queueArn } },
  });
  failureAlarms(own, bus.busName, rule, false);
  if (bus.construct !== undefined) own.node.addDependency(bus.construct);
}

const parameterForm = /^\/?[\w.-]+(\/[\w.-]+)*$/;

function alertWebhook(
  scope: Construct,
  bus: IAgentEventBus,
  { webhook, secretParameter, name = "webhook" }: Extract<AlertDestination, { webhook: string }>,
  settings: FunctionSettings,
): void {
  const subscription = alertSubscription(name);
  if (!Token.isUnresolved(webhook) && !/^https?:\/\/\S+$/.test(webhook)) {
    throw new BusError("invalid_config", `watch-flows: to: the webhook of ${name} ${mustBe("a URL", webhook)}`);
  }
  if (!parameterForm.test(secretParameter)) {
    const problem = mustBe("the name of an SSM parameter", secretParameter);
    throw new BusError("invalid_config", `watch-flows: to: the secretParameter of ${name} ${problem}`);
  }
  const { function: sender } = new Subscriber(scope, subscription.name, {
    ...settings,
    bus,
    subscription,
    entry: recorderEntry(bus.busName, subscription.name, "alertWebhook", {
      catalog: undefined,
      options: { webhook, secretParameter, name },
    }),
  });
  const resourceName = secretParameter.replace(/^\//, "");
  const parameter = Stack.of(scope).formatArn({ service: "ssm", resource: "parameter", resourceName });
  sender.addToRolePolicy(new PolicyStatement({ actions: ["ssm:GetParameter"], resources: [parameter] }));
}
