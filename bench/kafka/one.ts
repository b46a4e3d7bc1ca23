/** One contender, in a process of its own: `one.ts <contender> <brokers> <events>`. Prints what it measured as JSON. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { connect } from "../../lib/index.ts";
import { kafkaEngine } from "../../lib/kafka-entry.ts";

const [contender = "", brokers = "", count = "0"] = process.argv.slice(2);
const events = Number(count);
const atOnce = 2_000;
const bootstrapBrokers = brokers.split(",");
const topic = `bench-${randomUUID().slice(0, 8)}`;
const partitions = 6;
/** With the envelope about 450 bytes. */
const payload = { taskId: "task-12", text: "x".repeat(180) };

function record(n: number) {
  const value = {
    event_id: randomUUID(),
    event_type: "custom.bench.event",
    timestamp: new Date().toISOString(),
    source_service: "bench",
    payload,
    metadata: { version: "1.0", correlation_id: `flow-${n % 1_000}`, priority: 5 },
  };
  return { topic, key: `flow-${n % 1_000}`, value: JSON.stringify(value) };
}

async function* batches(): AsyncGenerator<number[]> {
  for (let start = 0; start < events; start += atOnce) {
    yield Array.from({ length: Math.min(atOnce, events - start) }, (_, index) => start + index);
  }
}

async function rawProduce(): Promise<void> {
  const producer = new Producer({
    clientId: "raw",
    bootstrapBrokers,
    idempotent: true,
    serializers: stringSerializers,
  });
  for await (const batch of batches()) await producer.send({ messages: batch.map(record) });
  await producer.close();
}

async function rawConsume(): Promise<void> {
  const consumer = new Consumer({
    clientId: "raw",
    groupId: topic,
    bootstrapBrokers,
    deserializers: stringDeserializers,
    autocommit: 1_000,
  });
  const stream = await consumer.consume({ topics: [topic], mode: "earliest" });
  let seen = 0;
  for await (const { value } of stream) {
    JSON.parse(value);
    seen += 1;
    if (seen === events) break;
  }
  await consumer.close(true);
}

async function waggle(handled: boolean): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "waggle-bench-"));
  const engine = kafkaEngine({ brokers, bus: topic, partitions, store: join(folder, "bus.db") });
  const bus = await connect({ engine, source: "bench", logLevel: "error" });
  let seen = 0;
  let done = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  if (handled) {
    await bus.subscribe({ name: "all", on: "custom.*", concurrency: 1_000 }, () => {
      seen += 1;
      if (seen === events) done();
    });
  }
  start();
  for await (const batch of batches()) {
    const drafts = batch.map(
      (n) => ({ type: "custom.bench.event", data: payload, metadata: { correlationId: `flow-${n % 1_000}` } }) as const,
    );
    await bus.publishAll(drafts);
  }
  if (handled) await all;
  return async () => {
    await bus.close();
    await rm(folder, { recursive: true, force: true });
  };
}

let from = 0;
let cpuFrom = process.cpuUsage();
function start(): void {
  from = performance.now();
  cpuFrom = process.cpuUsage();
}

async function prepareRaw(): Promise<void> {
  const admin = new Admin({ clientId: "raw", bootstrapBrokers });
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  await admin.close();
}

let end = async () => {};
if (contender.startsWith("raw")) {
  await prepareRaw();
  start();
  await (contender === "raw-produce" ? rawProduce() : Promise.all([rawProduce(), rawConsume()]));
} else end = await waggle(contender === "waggle-handled");
const seconds = (performance.now() - from) / 1_000;
const cpu = process.cpuUsage(cpuFrom);
console.log(
  JSON.stringify({
    contender,
    perSecond: Math.round(events / seconds),
    userMicrosecondsPerEvent: Math.round((cpu.user / events) * 10) / 10,
  }),
);
await end();
