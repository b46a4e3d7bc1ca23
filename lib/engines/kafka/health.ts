import { connect } from "node:net";
import { Clients } from "./client/clients.ts";
import { loadDriver } from "./client/driver.ts";
import { kafkaError } from "./client/kafka-error.ts";
import type { EngineSettings } from "./settings.ts";
import { topicNames } from "./topics/topic-names.ts";

/** A broker of the cluster. */
export interface BrokerHealth {
  /** `host:port`, as the cluster tells clients. */
  readonly address: string;
  /** Why it does not answer this machine; `undefined` where it does. */
  readonly error: string | undefined;
}

/** A partition of which copies are missing. */
export interface PartitionHealth {
  readonly topic: string;
  readonly partition: number;
  /** Whether a broker leads it: without one, nothing is written or read. */
  readonly led: boolean;
  readonly replicas: number;
  readonly inSync: number;
}

/** How far a consumer group is behind what the topics of the bus hold. */
export interface GroupLag {
  readonly group: string;
  /** The subscription; `undefined` for the group that writes to the store. */
  readonly subscription: string | undefined;
  /** Records that lie behind its offsets, all partitions together. */
  readonly records: number;
}

/** How a cluster holds a bus, besides the settings of its topics. */
export interface KafkaHealth {
  readonly brokers: readonly BrokerHealth[];
  /** Those of which not all copies are in sync. */
  readonly partitions: readonly PartitionHealth[];
  /** The group that writes to the store, and that of each named subscription; of one that has told no offsets there is none. */
  readonly lags: readonly GroupLag[];
}

/** Milliseconds for which a broker may take to answer. */
const connectMs = 5_000;

type Where = Pick<EngineSettings, "brokers" | "tls" | "sasl" | "bus" | "topics" | "domains" | "catalog">;

/** Asks each broker, and looks at partitions and offsets; changes nothing. `unavailable` where no broker answers. */
export async function kafkaHealth(where: Where, topics: readonly string[]): Promise<KafkaHealth> {
  const names = topicNames(where, where.catalog);
  const admin = new Clients(await loadDriver(), where).admin();
  try {
    const metadata = await admin.metadata({ topics: [...topics], forceUpdate: true });
    const brokers = await Promise.all([...metadata.brokers.values()].map(({ host, port }) => askBroker(host, port)));
    const states = [...metadata.topics].flatMap(([topic, { partitions }]) =>
      partitions.map(({ isr, leader, replicas }, partition) => ({
        topic,
        partition,
        led: leader >= 0,
        replicas: replicas.length,
        inSync: isr.length,
      })),
    );
    const partitions = states.filter(({ inSync, led, replicas }) => !led || inSync < replicas);
    const events = states.filter(({ led, topic }) => led && names.events.includes(topic));
    const prefix = names.groupOf("");
    const known = [...(await admin.listGroups({})).keys()];
    const groups = known.filter((group) => group === names.recorders || group.startsWith(prefix));
    if (groups.length === 0 || events.length === 0) return { brokers, partitions, lags: [] };
    const ends = await endsOf(admin, events);
    const offsets = await admin.listConsumerGroupOffsets({ groups });
    const lags = offsets.map(({ groupId, topics: committed }) => ({
      group: groupId,
      subscription: groupId === names.recorders ? undefined : groupId.slice(prefix.length),
      records: lagOf(committed, ends),
    }));
    return { brokers, partitions, lags };
  } catch (thrown) {
    throw kafkaError(thrown, "the state of the cluster");
  } finally {
    await admin.close().catch(() => {});
  }
}

type Admin = ReturnType<Clients["admin"]>;
type Offsets = Awaited<ReturnType<Admin["listConsumerGroupOffsets"]>>[number]["topics"];

async function endsOf(admin: Admin, events: readonly PartitionHealth[]): Promise<ReadonlyMap<string, number>> {
  const topics = [...new Set(events.map(({ topic }) => topic))].map((name) => ({
    name,
    partitions: events
      .filter(({ topic }) => topic === name)
      .map(({ partition }) => ({ partitionIndex: partition, timestamp: -1n })),
  }));
  const listed = await admin.listOffsets({ topics });
  return new Map(
    listed.flatMap(({ name, partitions }) =>
      partitions.map(({ offset, partitionIndex }) => [`${name}/${partitionIndex}`, Number(offset)] as const),
    ),
  );
}

/** A partition without an offset of the group is one that it has not begun to tell of: nothing is known of it. */
function lagOf(committed: Offsets, ends: ReadonlyMap<string, number>): number {
  let records = 0;
  for (const { name, partitions } of committed) {
    for (const { committedOffset, partitionIndex } of partitions) {
      const end = ends.get(`${name}/${partitionIndex}`);
      if (end !== undefined && committedOffset >= 0n) records += Math.max(0, end - Number(committedOffset));
    }
  }
  return records;
}

/** Whether a connection can be made; that the cluster takes this client, its metadata have shown. */
function askBroker(host: string, port: number): Promise<BrokerHealth> {
  const address = `${host}:${port}`;
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectMs });
    const end = (error?: string) => {
      socket.destroy();
      resolve({ address, error });
    };
    socket.once("connect", () => end());
    socket.once("timeout", () => end(`no answer within ${connectMs} ms`));
    socket.once("error", (error) => end(error.message));
  });
}
