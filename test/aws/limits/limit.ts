import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Omittable } from "../../../lib/cdk/omit.ts";

/** What a probe tries things with. */
export interface Clients {
  readonly events: EventBridgeClient;
  readonly sqs: SQSClient;
  readonly dynamo: DynamoDBClient;
  readonly s3: S3Client;
}

/**
 * Something that AWS does and an emulator does not. Its test fails when it begins to work: then what was built around it
 * goes, and what it kept from being tested is tested.
 */
export interface Limit {
  readonly title: string;
  /** What the tests and stacks do about it. */
  readonly instead: string;
  /** What the stacks leave out because of it. */
  readonly omit?: Omittable;
  /** Whether it works, tried in the shortest way. */
  works(clients: Clients): Promise<boolean>;
}
