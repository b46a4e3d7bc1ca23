import type { BusConfig } from "./bus-config.ts";
import { busNameProblem, resourceNames } from "./names.ts";

/** Where a bus of another account is. */
export interface BusAddress {
  readonly arn: string;
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** The name of the bus. */
  readonly bus: string;
}

const busArn = /^arn:(aws[a-z-]*):events:([a-z]{2}[a-z0-9-]+):(\d{12}):event-bus\/(.+)$/;

/** Reads the ARN of a bus; undefined where it is none. */
export function parseBusArn(text: string): BusAddress | undefined {
  const [, partition, region, account, bus] = busArn.exec(text) ?? [];
  if (partition === undefined || region === undefined || account === undefined || bus === undefined) return undefined;
  return { arn: text, partition, region, account, bus };
}

/** The predicate of a message about a wrong `bus` of a client, which is a name or an ARN; undefined for a right one. */
export function busReferenceProblem(bus: string): string | undefined {
  if (!bus.startsWith("arn:")) return busNameProblem(bus);
  const address = parseBusArn(bus);
  if (address === undefined) {
    return `must be a name or arn:aws:events:<region>:<account>:event-bus/<name>, not ${JSON.stringify(bus)}`;
  }
  const problem = busNameProblem(address.bus);
  return problem === undefined ? undefined : `is the ARN of ${JSON.stringify(address.bus)}; the name in it ${problem}`;
}

/** No client outside of the account can ask for the retention: what is older is gone for it all the same. */
const unknownRetentionMs = 10 * 365 * 86_400_000;

/**
 * What names alone tell of a bus. A client in another account cannot read the parameter that its stack writes: parameters of
 * the standard tier are not shared.
 */
export function configOfAddress({ arn, partition, region, account, bus }: BusAddress): BusConfig {
  const table = (name: string) => `arn:${partition}:dynamodb:${region}:${account}:table/${name}`;
  const domain = partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  return {
    schema: 1,
    bus,
    busArn: arn,
    historyTable: table(resourceNames.historyTable(bus)),
    deliveriesTable: table(resourceNames.deliveriesTable(bus)),
    publisherDeadLetterQueueUrl: `https://sqs.${region}.${domain}/${account}/${resourceNames.publisherDeadLetterQueue(bus)}`,
    bodiesBucket: resourceNames.bodiesBucket(bus, account, region),
    retentionMs: unknownRetentionMs,
    maxRequestBytes: 1_048_576,
  };
}
