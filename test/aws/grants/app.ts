/** The CDK app of the tests of grants: a bus, subscribers of the end-to-end tests, and users with one grant each. */
import { join } from "node:path";
import { App, CliCredentialsStackSynthesizer, Stack } from "aws-cdk-lib";
import { type IGrantable, PolicyStatement, User } from "aws-cdk-lib/aws-iam";
import { CfnBucketPolicy } from "aws-cdk-lib/aws-s3";
import { CfnTopicPolicy } from "aws-cdk-lib/aws-sns";
import { CfnQueuePolicy } from "aws-cdk-lib/aws-sqs";
import * as z from "zod";
import { AgentEventBus, findSubscribers, QueueSubscriber, Subscriber } from "../../../lib/cdk/index.ts";
import { root } from "../../../scripts/setup.mjs";
import { busName, polled, type UserName, userName, userNames } from "./settings.ts";

const policyDocument = z.looseObject({ Statement: z.array(z.unknown()) });

const app = new App();
// The roles that bootstrapping makes have no access to its bucket where MiniStack enforces IAM.
// @ts-expect-error the CDK's own types do not hold under exactOptionalPropertyTypes
const stack = new Stack(app, "Grants", { synthesizer: new CliCredentialsStackSynthesizer() });
const bus = new AgentEventBus(stack, "Bus", { busName });
for (const { folder, subscription } of await findSubscribers(join(root, "test/aws/e2e/functions"))) {
  asMinistackAsks(new Subscriber(stack, `On-${subscription.name}`, { bus, folder, subscription, alarms: false }));
}
const queue = new QueueSubscriber(stack, "Polled", { bus, subscription: polled, alarms: false });

const grants: Readonly<Record<UserName, (user: User) => void>> = {
  agent: (user) => bus.grantPublish(user),
  reader: (user) => bus.grantReadHistory(user),
  operator: (user) => {
    bus.grantReadHistory(user);
    bus.grantOperate(user);
  },
  worker: (user) => queue.grantConsume(user),
  stranger: () => {},
};
for (const name of userNames) {
  const user = new User(stack, `User-${name}`, { userName: userName(name) });
  grants[name](user);
  asMinistackAsks(user);
}
allowPlainHttp();
app.synth();

/**
 * Where it asks for something other than AWS does: for a rule that has the bus's name, for any parameter where a path is
 * read, and for a batch by its own name where its caller may do the same one by one.
 */
function asMinistackAsks(to: IGrantable): void {
  const arn = (service: string, resource: string) => stack.formatArn({ service, resource });
  const allow = (actions: string[], resource: string) =>
    to.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [resource] }));
  allow(["events:DescribeEventBus"], arn("events", `rule/default/${busName}`));
  allow(["ssm:GetParametersByPath"], "*");
  const batches = ["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"];
  allow(
    batches.map((action) => `sqs:${action}`),
    arn("sqs", `${busName}-*`),
  );
}

/** MiniStack is called by plain http here, which every queue, topic and bucket of a bus refuses where IAM is enforced. */
function allowPlainHttp(): void {
  for (const one of stack.node.findAll()) {
    if (!(one instanceof CfnQueuePolicy || one instanceof CfnTopicPolicy || one instanceof CfnBucketPolicy)) continue;
    const { Statement, ...rest } = policyDocument.parse(stack.resolve(one.policyDocument));
    const kept = Statement.filter((statement) => !JSON.stringify(statement).includes("aws:SecureTransport"));
    one.policyDocument = { ...rest, Statement: kept };
  }
}
