import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { parameterNames } from "../../aws-shared/index.ts";
import type { Clients } from "../../engines/aws/dependencies.ts";
import type { Faults } from "../faults.ts";
import type { SimulatedProcess, World } from "../world/world.ts";
import type { EventBus } from "./event-bus.ts";
import type { Queue } from "./queue.ts";
import type { Tables } from "./table.ts";

/** The longest that a request and its answer are on their way each, in virtual milliseconds. */
const longestWayMs = 15;
/** Of the requests that go wrong: those that never arrive, and those whose answer is lost. */
const [shareUnsent, shareUnanswered] = [0.1, 0.1];

const settings = {
  region: "us-east-1",
  credentials: { accessKeyId: "simulated", secretAccessKey: "simulated" },
  // Answers of the model have no digests.
  md5: false,
} as const;

/** The services behind the clients. */
export interface Services {
  readonly bus: EventBus;
  readonly tables: Tables;
  /** By URL; another for whatever has none. */
  queue(url: string): Queue;
  /** The name of the bus. */
  readonly name: string;
}

/** What a client calls; a command says by its name which input it has. */
type Operations = Readonly<Record<string, (input: never) => object | Promise<object>>>;

/** The SDK's clients of one process, whose requests go to the model instead of the network. */
export function simulatedClients(services: Services, process: SimulatedProcess, world: World, faults: Faults): Clients {
  const call = async (operations: Operations, command: string, input: unknown) => {
    const operation = operations[command];
    if (operation === undefined) throw new Error(`the model of AWS does not know ${command}`);
    await process.sleep(world.random.between(0, longestWayMs));
    if (faults.engine(command, shareUnsent)) throw serviceError(world);
    const output = await operation(input as never);
    await process.sleep(world.random.between(0, longestWayMs));
    if (faults.engine(`answer of ${command}`, shareUnanswered)) throw serviceError(world);
    return { response: {}, output: { $metadata: {}, ...output } };
  };
  const operations = operationsOf(services, process);
  const events = new EventBridgeClient(settings);
  events.middlewareStack.add(
    (_, context) =>
      ({ input }) =>
        call(operations, context.commandName ?? "", input),
    first,
  );
  const sqs = new SQSClient(settings);
  sqs.middlewareStack.add(
    (_, context) =>
      ({ input }) =>
        call(operations, context.commandName ?? "", input),
    first,
  );
  const dynamo = new DynamoDBClient(settings);
  dynamo.middlewareStack.add(
    (_, context) =>
      ({ input }) =>
        call(operations, context.commandName ?? "", input),
    first,
  );
  const ssm = new SSMClient(settings);
  ssm.middlewareStack.add(
    (_, context) =>
      ({ input }) =>
        call(operations, context.commandName ?? "", input),
    first,
  );
  return {
    events,
    sqs,
    dynamo,
    ssm: async () => ssm,
    s3: () => Promise.reject(new Error("the model of AWS has no S3: events of a simulation have less than 350 KB")),
    destroy: () => {},
  };
}

/** Nothing of a request is left to do after it. */
const first = { step: "initialize", priority: "low" } as const;

function operationsOf({ bus, name, queue, tables }: Services, process: SimulatedProcess): Operations {
  const deployed = () =>
    [...bus.deployed.values()].map((one) => ({
      Name: parameterNames.subscription(name, one.record.name),
      Value: JSON.stringify(one),
    }));
  return {
    PutEventsCommand: (input) => bus.put(input),
    SendMessageBatchCommand: ({
      Entries,
      QueueUrl,
    }: {
      Entries: { Id: string; MessageBody: string }[];
      QueueUrl: string;
    }) => {
      for (const entry of Entries) queue(QueueUrl).send(entry);
      return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
    },
    ReceiveMessageCommand: async (input: { QueueUrl: string }) => ({
      Messages: await queue(input.QueueUrl).receive(input, process),
    }),
    DeleteMessageBatchCommand: (input: { QueueUrl: string; Entries: [] }) => queue(input.QueueUrl).delete(input),
    ChangeMessageVisibilityBatchCommand: (input: { QueueUrl: string; Entries: [] }) =>
      queue(input.QueueUrl).change(input),
    GetQueueAttributesCommand: ({ QueueUrl }: { QueueUrl: string }) => {
      const { hidden, waiting } = queue(QueueUrl).depths;
      return {
        Attributes: {
          ApproximateNumberOfMessages: String(waiting),
          ApproximateNumberOfMessagesDelayed: "0",
          ApproximateNumberOfMessagesNotVisible: String(hidden),
        },
      };
    },
    GetItemCommand: (input) => tables.get(input),
    PutItemCommand: (input) => tables.put(input),
    UpdateItemCommand: (input) => tables.update(input),
    DeleteItemCommand: (input) => tables.delete(input),
    QueryCommand: (input) => tables.query(input),
    BatchGetItemCommand: (input) => tables.batchGet(input),
    BatchWriteItemCommand: (input) => tables.batchWrite(input),
    TransactWriteItemsCommand: (input) => tables.transact(input),
    GetParameterCommand: ({ Name }: { Name: string }) => {
      const Parameter = deployed().find((one) => one.Name === Name);
      if (Parameter === undefined) throw named("ParameterNotFound", 400);
      return { Parameter };
    },
    GetParametersByPathCommand: () => ({ Parameters: deployed() }),
  };
}

function serviceError(world: World): Error {
  return world.random.pick([
    named("ServiceUnavailable", 503),
    named("InternalServerError", 500),
    named("ThrottlingException", 400),
    named("TimeoutError", undefined),
  ]);
}

function named(name: string, httpStatusCode: number | undefined): Error {
  return Object.assign(new Error("simulated"), { name, $metadata: { httpStatusCode } });
}
