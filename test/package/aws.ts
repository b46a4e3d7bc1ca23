// A program on the aws engine, over the real clients of the AWS SDK, against a stub on this machine. `npm run check:package`
// runs it with the oldest SDK that the peer range admits, with that of package-lock.json, and, given "bundled", as a single
// file, where the engine is not loaded by its name.
import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { type Bus, connect } from "wagglebus";
import { awsEngine } from "wagglebus/aws";
import { type Operations, ServiceError, startJsonStub } from "../support/json-stub.ts";
import { isSignedWith } from "../support/signature.ts";

const bundled = process.argv[2] === "bundled";
const secret = "a secret";

/** The stub; what a case says replaces an operation. */
let unusual: Operations = {};
const puts: Record<string, unknown>[][] = [];
const deadLetters: string[] = [];
let unsigned = 0;

const usual: Operations = {
  GetParameter: () => ({ Parameter: { Value: JSON.stringify(config) } }),
  DescribeEventBus: () => ({ Name: "agents", Arn: "arn:aws:events:us-east-1:000000000000:event-bus/agents" }),
  PutEvents: ({ Entries }) => {
    const entries = listOf(Entries);
    puts.push(entries);
    return { FailedEntryCount: 0, Entries: entries.map((_, index) => ({ EventId: `event-${index}` })) };
  },
  SendMessageBatch: ({ Entries }) => ({
    Failed: [],
    Successful: listOf(Entries).map(({ Id, MessageBody }) => {
      deadLetters.push(String(MessageBody));
      // The SDK compares it with what it sent.
      const MD5OfMessageBody = createHash("md5").update(String(MessageBody)).digest("hex");
      return { Id, MessageId: `message-${Id}`, MD5OfMessageBody };
    }),
  }),
  Query: () => ({ Items: [], Count: 0, ScannedCount: 0 }),
};
const names = [...Object.keys(usual), "BatchGetItem", "GetItem"];
const operations = Object.fromEntries(
  names.map((name): [string, Operations[string]] => [
    name,
    (input, signal) => {
      const act = unusual[name] ?? usual[name];
      if (act === undefined) throw new ServiceError("ResourceNotFoundException");
      return act(input, signal);
    },
  ]),
);
const stub = await startJsonStub(operations, (request) => {
  if (!isSignedWith(secret, request)) unsigned += 1;
});
const config = {
  schema: 1,
  bus: "agents",
  historyTable: "agents-history",
  deliveriesTable: "agents-deliveries",
  publisherDeadLetterQueueUrl: `${stub.url}/000000000000/agents-unpublished`,
  bodiesBucket: "agents-bodies",
  retentionMs: 86_400_000,
  maxRequestBytes: 1_048_576,
};
Object.assign(process.env, {
  AWS_ENDPOINT_URL: stub.url,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "id",
  AWS_SECRET_ACCESS_KEY: secret,
});

function listOf(value: unknown): Record<string, unknown>[] {
  assert(Array.isArray(value));
  return value;
}

function refuse(name: string, status = 400): () => never {
  return () => {
    throw new ServiceError(name, status);
  };
}

/** Opens the bus as a program would that is bundled, or is not. */
function open(): Promise<Bus> {
  return bundled
    ? connect({ engine: awsEngine({ bus: "agents" }), source: "package-check" })
    : connect({ engine: "aws", bus: "agents", source: "package-check" });
}

// What goes wrong at the start is said by one class, whatever the SDK throws.
unusual = { GetParameter: refuse("ParameterNotFound") };
await assert.rejects(open(), { code: "not_found", message: /\/waggle\/agents\/config/ });
unusual = { DescribeEventBus: refuse("ResourceNotFoundException") };
await assert.rejects(open(), { code: "not_found", message: /EventBridge has none/ });
unusual = { GetParameter: refuse("AccessDeniedException") };
await assert.rejects(open(), { code: "unavailable", retryable: false });
unusual = {};
if (bundled) {
  const byName = connect({ engine: "aws", bus: "agents", source: "package-check" });
  await assert.rejects(byName, { code: "invalid_config", message: /"wagglebus\/aws"/ });
}

const bus = await open();

// One event is one entry, in the shape that any rule can route on.
const event = await bus.emit.task.created({ taskId: "Grüße" });
const { id, type, time, data, metadata } = event;
const [entry = {}] = puts[0] ?? [];
const { Detail, Time, ...envelope } = entry;
assert.deepEqual(envelope, { EventBusName: "agents", Source: "package-check", DetailType: type });
assert.deepEqual(JSON.parse(String(Detail)), { id, time, data, metadata });
// Some versions send the milliseconds too; EventBridge keeps the second.
assert.equal(Math.floor(Number(Time)), Math.floor(Date.parse(time) / 1_000));

// Many go in batches of ten; a request and an entry that were throttled are sent again.
puts.length = 0;
let calls = 0;
unusual = {
  PutEvents: (input, signal) => {
    calls += 1;
    if (calls === 1) return refuse("ThrottlingException")();
    const answer = usual.PutEvents?.(input, signal);
    if (calls !== 2) return Object(answer);
    const [first, ...others] = listOf(Object(answer).Entries);
    puts.at(-1)?.shift();
    const failed = { ErrorCode: "ThrottlingException", ErrorMessage: "slow down" };
    return { FailedEntryCount: 1, Entries: first === undefined ? [] : [failed, ...others] };
  },
};
const drafts = Array.from({ length: 25 }, (_, number) => ({ type: "custom.note" as const, data: { number } }));
const results = await bus.publishAll(drafts);
assert(results.every(({ ok }) => ok));
assert(puts.every((entries) => entries.length <= 10));
const numbers = puts.flat().map((put) => JSON.parse(String(put.Detail)).data.number);
assert.deepEqual(
  numbers.sort((one, other) => one - other),
  drafts.map(({ data: { number } }) => number),
);

// An event that EventBridge refuses lies in the dead-letter queue, and its publisher is told.
unusual = {
  PutEvents: () => ({ FailedEntryCount: 1, Entries: [{ ErrorCode: "MalformedDetail", ErrorMessage: "not JSON" }] }),
};
await assert.rejects(bus.publish({ type: "custom.note", data: {} }), {
  code: "invalid_event",
  message: /it is dead letter/,
});
assert.equal(deadLetters.length, 1);
unusual = {};

// The tables: an answer, and an error.
assert.deepEqual((await bus.history.query({ since: new Date().toISOString() })).events, []);
await assert.rejects(bus.history.get("there-is-none"), { code: "not_found", message: /ResourceNotFoundException/ });

assert.equal(unsigned, 0);
await bus.close();
await stub.close();
console.log(`the aws engine ran ${bundled ? "in a bundle" : "from the package"}`);
