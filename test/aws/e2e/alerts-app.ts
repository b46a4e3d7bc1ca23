/** The CDK app of the test of alerts: a bus of its own, the function that watches it, and both ways out. */
import { App, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Topic } from "aws-cdk-lib/aws-sns";
import { SqsSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { BusStack, FlowMonitor } from "../../../lib/cdk/index.ts";
import { alertBusName, inbox, secretParameter, webhookVariable } from "./alerts-settings.ts";

const app = new App();
// The bucket of the bus stays empty, and what empties one hangs or fails on emulators.
app.node.setContext("omit", [app.node.tryGetContext("omit"), "auto-delete"].filter(Boolean).join(","));
const { bus } = new BusStack(app, "e2e-alerts-bus", { busName: alertBusName, stage: "dev" });
const stack = new Stack(app, "e2e-alerts");
const topic = new Topic(stack, "Topic", { enforceSSL: true });
const queue = new Queue(stack, "Inbox", { queueName: inbox, removalPolicy: RemovalPolicy.DESTROY });
topic.addSubscription(new SqsSubscription(queue, { rawMessageDelivery: true }));
new FlowMonitor(stack, "Flows", {
  bus,
  rules: [
    { kind: "slow-flow", over: "30s" },
    { kind: "no-result", on: ["custom.job.completed"] },
    { kind: "dead-letters" },
  ],
  to: [{ topic }, { webhook: process.env[webhookVariable] ?? "https://example.com/alerts", secretParameter }],
});
app.synth();
