import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
} from "@aws-sdk/client-dynamodb";
import { describe } from "vitest";
import { deliveriesTable } from "../../lib/aws-shared/tables.ts";
import { type Emulator, emulatorMissing, startEmulator } from "./dynamo-emulator.ts";

/** Why tests that need DynamoDB cannot run here; undefined where they can. */
export const dynamoMissing = emulatorMissing;

/** Tests that need DynamoDB: skipped, and counted so, with the reason in their name, where there is none. */
export function describeDynamo(name: string, tests: () => void): void {
  describe.skipIf(dynamoMissing !== undefined)(
    dynamoMissing === undefined ? name : `${name} (skipped: ${dynamoMissing})`,
    tests,
  );
}

/** A DynamoDB in memory. */
export interface Dynamo {
  readonly endpoint: string;
  readonly client: DynamoDBClient;
  /** Another client, for what a test does to one; `close` destroys it too. */
  connect(): DynamoDBClient;
  /** Creates a table; resolves once it can be used. */
  createTable(table: CreateTableCommandInput): Promise<void>;
  /** Destroys the clients and deletes the tables. */
  close(): Promise<void>;
}

/** In place of a signature, which is a tenth of what a request costs here: the emulator wants one and does not check it. */
const signer: NonNullable<DynamoDBClientConfig["signer"]> = {
  sign: async (request) => ({ ...request, headers: { ...request.headers, ...signed } }),
};
const signed = {
  "x-amz-date": "20260101T000000Z",
  authorization:
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0",
};

/** The emulator that the test files of this process share. */
let shared: Promise<Emulator> | undefined;

/** An empty DynamoDB; for `beforeAll`, with `close` in `afterAll`. One at a time in a process. */
export async function startDynamo(): Promise<Dynamo> {
  shared ??= startEmulator();
  return connectTo(await shared);
}

/** A DynamoDB that nobody answers for once it is closed. */
export async function startOwnDynamo(): Promise<Dynamo> {
  const emulator = await startEmulator();
  const dynamo = connectTo(emulator);
  return {
    ...dynamo,
    close: async () => {
      await dynamo.close();
      await emulator.stop();
    },
  };
}

function connectTo({ endpoint }: Emulator): Dynamo {
  const clients: DynamoDBClient[] = [];
  const connect = () => {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const made = new DynamoDBClient({ endpoint, region: "us-east-1", credentials, signer });
    clients.push(made);
    return made;
  };
  const client = connect();
  const tables = new Set<string>();
  return {
    endpoint,
    client,
    connect,
    createTable: async (table) => {
      await client.send(new CreateTableCommand(table));
      if (table.TableName !== undefined) tables.add(table.TableName);
    },
    close: async () => {
      for (const made of clients) made.destroy();
      const last = connect();
      for (const TableName of tables) await last.send(new DeleteTableCommand({ TableName }));
      last.destroy();
    },
  };
}

/** The deliveries table as the stack makes it. */
export function deliveriesTableInput(name: string): CreateTableCommandInput {
  return {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: deliveriesTable.partitionKey, AttributeType: "S" }],
    KeySchema: [{ AttributeName: deliveriesTable.partitionKey, KeyType: "HASH" }],
  };
}
