import type { CreateTableCommandInput, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import { historyTable } from "../../lib/aws-shared/index.ts";
import { standardCatalog } from "../../lib/catalog/index.ts";
import type { AwsDependencies } from "../../lib/engines/aws/dependencies.ts";
import { createIds } from "../../lib/event/id.ts";
import { systemClock } from "../../lib/runtime/clock.ts";
import { aBusConfig } from "./a-bus-config.ts";

/** The history table as the stack makes it. */
export function historyTableInput(name: string): CreateTableCommandInput {
  return {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: historyTable.partitionKey, AttributeType: "S" },
      { AttributeName: historyTable.sortKey, AttributeType: "S" },
    ],
    KeySchema: [
      { AttributeName: historyTable.partitionKey, KeyType: "HASH" },
      { AttributeName: historyTable.sortKey, KeyType: "RANGE" },
    ],
  };
}

/** Clients of DynamoDB, and of S3 where a test has one; any other is refused, the parameters of the stacks as by IAM. */
function clientsOf(dynamo: DynamoDBClient, s3: S3Client | undefined): AwsDependencies["clients"] {
  const refuse = (): never => {
    throw new Error("this test has only DynamoDB");
  };
  return {
    get events() {
      return refuse();
    },
    get sqs() {
      return refuse();
    },
    dynamo,
    ssm: () => Promise.reject(Object.assign(new Error("refused"), { name: "AccessDeniedException" })),
    s3: async () => s3 ?? refuse(),
    destroy: () => {},
  };
}

/** What the parts of the aws engine that keep history need; a test says what it is about. */
export function historyDependencies(
  dynamo: DynamoDBClient,
  table: string,
  { s3, ...parts }: Partial<Omit<AwsDependencies, "clients">> & { s3?: S3Client } = {},
): AwsDependencies {
  return {
    config: aBusConfig({ historyTable: table }),
    clients: clientsOf(dynamo, s3),
    catalog: standardCatalog,
    clock: systemClock,
    random: Math.random,
    nextId: createIds({ now: Date.now }),
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    onError: (error) => {
      throw error;
    },
    ...parts,
  };
}
