import { type BusConfig, type DeployedSubscription, functionVariables, resourceNames } from "../aws-shared/index.ts";
import { subscriptionError } from "./check-subscription.ts";

/** Maximum bytes of a standard-tier parameter, and of the environment of a function as JSON. */
const limit = 4_096;

/** Placeholders as long as any account id and Region, which are known only at deployment. */
const [account, region] = ["123456789012", "ap-southeast-99"];

/** Throws `invalid_config` if the settings of a subscription are too large for an SSM parameter. */
export function checkParameter(busName: string, deployed: Omit<DeployedSubscription, "queueUrl">): void {
  const { name } = deployed.record;
  const bytes = Buffer.byteLength(deployedText(busName, deployed));
  if (bytes <= limit) return;
  throw subscriptionError(
    name,
    `the settings have about ${bytes} bytes, but an SSM parameter has at most ${limit}; name fewer types in \`on\`, shorten \`where\`, or split the subscription in two`,
  );
}

/** Throws `invalid_config` if the environment of a function, including your own variables, is too large for Lambda. */
export function checkEnvironment(
  busName: string,
  deployed: Omit<DeployedSubscription, "queueUrl">,
  own: Readonly<Record<string, string>>,
): void {
  const variables = {
    ...own,
    [functionVariables.bus]: configText(busName),
    [functionVariables.subscription]: deployedText(busName, deployed),
  };
  const bytes = Buffer.byteLength(JSON.stringify(variables));
  if (bytes <= limit) return;
  throw subscriptionError(
    deployed.record.name,
    `the environment of its function has about ${bytes} bytes, but Lambda allows ${limit}; shorten \`environment\`, \`on\` or \`where\``,
  );
}

function deployedText(busName: string, deployed: Omit<DeployedSubscription, "queueUrl">): string {
  const queue = resourceNames.queue(busName, deployed.record.name, deployed.fifo);
  return JSON.stringify({ ...deployed, queueUrl: queueUrl(queue) } satisfies DeployedSubscription);
}

function configText(bus: string): string {
  return JSON.stringify({
    schema: 1,
    bus,
    historyTable: resourceNames.historyTable(bus),
    deliveriesTable: resourceNames.deliveriesTable(bus),
    publisherDeadLetterQueueUrl: queueUrl(resourceNames.publisherDeadLetterQueue(bus)),
    bodiesBucket: resourceNames.bodiesBucket(bus, account, region),
    retentionMs: 10 * 365 * 86_400_000,
    maxRequestBytes: 1_048_576,
  } satisfies BusConfig);
}

function queueUrl(queue: string): string {
  return `https://sqs.${region}.amazonaws.com.cn/${account}/${queue}`;
}
