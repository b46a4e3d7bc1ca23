import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { SQSClient } from "@aws-sdk/client-sqs";

/** What a probe tries things with. */
export interface Clients {
  readonly events: EventBridgeClient;
  readonly sqs: SQSClient;
  readonly dynamo: DynamoDBClient;
}

/**
 * Something that AWS does and an emulator does not. Its test fails when it begins to work: then what was built around it
 * goes, and what it kept from being tested is tested.
 */
export interface Limit {
  readonly title: string;
  /** What the tests and stacks do about it. */
  readonly instead: string;
  /** Whether it works, tried in the shortest way. */
  works(clients: Clients): Promise<boolean>;
}
