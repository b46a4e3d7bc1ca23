import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, ListEventBusesCommand } from "@aws-sdk/client-eventbridge";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetParametersByPathCommand, SSMClient } from "@aws-sdk/client-ssm";

/** What there is of a bus, whoever made it: all that is named after it and holds data or is found by clients. */
export async function resourcesOf(bus: string): Promise<string[]> {
  const [events, sqs, dynamo] = [new EventBridgeClient(), new SQSClient(), new DynamoDBClient()];
  const [s3, ssm] = [new S3Client({ forcePathStyle: true }), new SSMClient()];
  try {
    const found = await Promise.all([
      events
        .send(new ListEventBusesCommand({ NamePrefix: bus }))
        .then(({ EventBuses = [] }) => EventBuses.map(({ Name }) => Name)),
      sqs.send(new ListQueuesCommand({ QueueNamePrefix: bus })).then(({ QueueUrls = [] }) => QueueUrls),
      dynamo
        .send(new ListTablesCommand())
        .then(({ TableNames = [] }) => TableNames.filter((name) => name.startsWith(bus))),
      s3
        .send(new ListBucketsCommand())
        .then(({ Buckets = [] }) =>
          Buckets.map(({ Name }) => Name).filter((name) => name?.startsWith(`waggle-${bus}-`)),
        ),
      ssm
        .send(new GetParametersByPathCommand({ Path: `/waggle/${bus}`, Recursive: true }))
        .then(({ Parameters = [] }) => Parameters.map(({ Name }) => Name)),
    ]);
    return found.flat().filter((name) => name !== undefined);
  } finally {
    for (const client of [events, sqs, dynamo, s3, ssm]) client.destroy();
  }
}
