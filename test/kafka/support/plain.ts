import {
  type Admin,
  Admin as AdminClient,
  Consumer,
  Producer,
  stringDeserializers,
  stringSerializers,
} from "@platformatic/kafka";
import { sharedBrokers } from "./open.ts";

/** What a program of any other make writes to a topic. */
export interface PlainRecord {
  readonly topic: string;
  readonly key?: string;
  readonly value: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly partition?: number;
}

/** Writes records as a program does that knows nothing of Waggle. */
export async function writePlain(records: readonly PlainRecord[], brokers = sharedBrokers()): Promise<void> {
  const producer = new Producer({
    clientId: "plain",
    bootstrapBrokers: brokers.split(","),
    serializers: stringSerializers,
    retries: 20,
    retryDelay: 200,
  });
  try {
    await producer.send({
      acks: -1,
      messages: records.map(({ headers, ...record }) => ({ ...record, headers: { ...headers } })),
    });
  } finally {
    await producer.close();
  }
}

/** A record as it lies in a topic. */
export interface ReadRecord {
  readonly key: string;
  readonly value: string;
  readonly partition: number;
  readonly offset: number;
  readonly headers: ReadonlyMap<string, string>;
}

/** Reads a topic from its beginning until there are `count` records. */
export async function readPlain(topic: string, count: number, brokers = sharedBrokers()): Promise<ReadRecord[]> {
  const consumer = new Consumer({
    clientId: "plain",
    groupId: `plain-${topic}-${count}-${process.hrtime.bigint()}`,
    bootstrapBrokers: brokers.split(","),
    deserializers: stringDeserializers,
    autocommit: false,
  });
  const stream = await consumer.consume({ topics: [topic], mode: "earliest" });
  const records: ReadRecord[] = [];
  try {
    for await (const { headers, key, offset, partition, value } of stream) {
      records.push({ key, value, partition, offset: Number(offset), headers });
      if (records.length >= count) break;
    }
  } finally {
    await consumer.close(true);
  }
  return records;
}

/** Runs something with an administrator of the cluster. */
export async function withAdmin<Result>(
  use: (admin: Admin) => Promise<Result>,
  brokers = sharedBrokers(),
): Promise<Result> {
  const admin = new AdminClient({ clientId: "plain", bootstrapBrokers: brokers.split(","), retries: 5 });
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

/** The offsets that a group has committed, by topic and partition. */
export async function committedOffsets(group: string, brokers = sharedBrokers()): Promise<ReadonlyMap<string, number>> {
  const groups = await withAdmin((admin) => admin.listConsumerGroupOffsets({ groups: [group] }), brokers);
  return new Map(
    groups.flatMap(({ topics }) =>
      topics.flatMap(({ name, partitions }) =>
        partitions.map(({ committedOffset, partitionIndex }) => [`${name}/${partitionIndex}`, Number(committedOffset)]),
      ),
    ),
  );
}
