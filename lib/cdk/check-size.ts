import { type BusConfig, type DeployedSubscription, functionVariables, resourceNames } from "../aws-shared/index.ts";
import { refusal } from "./check-subscription.ts";

/** Bytes of a parameter of the standard tier; and of a function's environment, as JSON. */
const limit = 4_096;

/** As long as they are anywhere: what they are is known when deployed. */
const [account, region] = ["123456789012", "ap-southeast-99"];

/** Checks that SSM takes what is said of a subscription. `invalid_config`. */
export function checkParameter(busName: string, deployed: Omit<DeployedSubscription, "queueUrl">): void {
  const { name } = deployed.record;
  const bytes = Buffer.byteLength(deployedText(busName, deployed));
  if (bytes <= limit) return;
  throw refusal(
    name,
    `its settings have about ${bytes} bytes, and a parameter at most ${limit}; name fewer types in \`on\`, shorten \`where\`, or split it in two`,
  );
}

/** Checks that Lambda takes a function's environment: the bus's, the subscription's and one's own. `invalid_config`. */
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
  throw refusal(
    deployed.record.name,
    `the environment of its function has about ${bytes} bytes, and Lambda takes ${limit}; shorten \`environment\`, \`on\` or \`where\``,
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
