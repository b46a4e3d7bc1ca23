import { BusError } from "../../../error/bus-error.ts";
import type { Clients } from "../client/clients.ts";
import { isAnswer, kafkaError } from "../client/kafka-error.ts";
import type { TopicSettings } from "../settings.ts";
import type { TopicNames } from "./topic-names.ts";

/** A topic as the cluster has it. */
export interface TopicState {
  readonly name: string;
  /** Tells it from one of the same name that was deleted. */
  readonly id: string;
  readonly partitions: number;
  /** The fewest copies that a partition of it has. */
  readonly replicas: number;
}

/** An event has up to 1 MiB, and a record is larger than its event. */
const maxRecordBytes = 2_097_152;
/** Milliseconds for which the cluster may take to say that a new topic is there. */
const creationMs = 10_000;

/** The topics of the bus, which are made where they are missing. `invalid_config`, `unavailable`. */
export async function ensureTopics(
  clients: Clients,
  names: TopicNames,
  settings: TopicSettings,
): Promise<readonly TopicState[]> {
  const wanted = [...names.events, names.deadLetters];
  const found = await describeTopics(clients, wanted);
  const missing = wanted.filter((name) => !found.some((topic) => topic.name === name));
  if (missing.length === 0) return found;
  if (!settings.create) {
    throw new BusError(
      "invalid_config",
      `there is no topic ${missing.join(", ")}, and createTopics is false; run \`waggle kafka init\``,
      { details: { missing } },
    );
  }
  await createTopics(clients, missing, names, settings);
  return describeTopics(clients, wanted, creationMs);
}

/** Those of the topics that there are; with a time, all of them, or `unavailable`. */
export async function describeTopics(
  clients: Clients,
  wanted: readonly string[],
  withinMs = 0,
): Promise<readonly TopicState[]> {
  const admin = clients.admin();
  const deadline = performance.now() + withinMs;
  try {
    for (;;) {
      const there = new Set(await admin.listTopics());
      const names = wanted.filter((name) => there.has(name));
      const states = names.length === 0 ? [] : await stateOf(admin, names);
      if (withinMs === 0 || states.length === wanted.length) return states;
      if (performance.now() > deadline) throw new Error(`it has not made ${wanted.join(", ")} in time`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch (thrown) {
    throw kafkaError(thrown, "the topics of the bus");
  } finally {
    await admin.close().catch(() => {});
  }
}

async function stateOf(admin: ReturnType<Clients["admin"]>, names: string[]): Promise<TopicState[]> {
  try {
    const { topics } = await admin.metadata({ topics: names, forceUpdate: true });
    return [...topics].flatMap(([name, { id, partitions }]) => {
      const ready = partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
      const replicas = Math.min(...partitions.map((partition) => partition.replicas.length));
      return ready ? [{ name, id, partitions: partitions.length, replicas }] : [];
    });
  } catch (thrown) {
    if (isAnswer(thrown, "UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE")) return [];
    throw thrown;
  }
}

async function createTopics(
  clients: Clients,
  missing: readonly string[],
  names: TopicNames,
  { partitions, replicationFactor }: TopicSettings,
): Promise<void> {
  const admin = clients.admin();
  const configs = [{ name: "max.message.bytes", value: String(maxRecordBytes) }];
  if (replicationFactor !== undefined && replicationFactor > 2) {
    configs.push({ name: "min.insync.replicas", value: String(replicationFactor - 1) });
  }
  try {
    for (const name of missing) {
      await admin
        .createTopics({
          topics: [name],
          partitions: name === names.deadLetters ? 1 : partitions,
          replicas: replicationFactor ?? -1,
          configs,
        })
        .catch((thrown: unknown) => {
          // Another process was faster.
          if (!isAnswer(thrown, "TOPIC_ALREADY_EXISTS")) throw thrown;
        });
    }
  } catch (thrown) {
    if (isAnswer(thrown, "INVALID_REPLICATION_FACTOR", "replication factor")) {
      throw new BusError(
        "invalid_config",
        `the topics cannot be made with replicationFactor ${replicationFactor ?? "of the cluster's default"}: the cluster has fewer brokers; give \`replicationFactor\`, or make the topics yourself`,
        { cause: thrown, details: { missing } },
      );
    }
    if (isAnswer(thrown, "AUTHORIZATION_FAILED")) {
      throw new BusError(
        "invalid_config",
        `this client may not make the topics ${missing.join(", ")}; run \`waggle kafka init\` as one that may, or make them yourself`,
        { cause: thrown, details: { missing } },
      );
    }
    throw kafkaError(thrown, `making the topics ${missing.join(", ")}`);
  } finally {
    await admin.close().catch(() => {});
  }
}

/** The name of a partition in the store: another one for a topic that was deleted and made again. */
export function feedOf({ id, name }: Pick<TopicState, "id" | "name">, partition: number): string {
  return `kafka:${name}/${partition}@${id}`;
}

/** The partition behind such a name; `undefined` where it is of none of these topics. */
export function placeOfFeed(
  topics: readonly TopicState[],
  feed: string,
): { readonly topic: string; readonly partition: number } | undefined {
  const [, name, partition, id] = /^kafka:(.+)\/(\d+)@(.*)$/.exec(feed) ?? [];
  const topic = topics.find((one) => one.name === name && one.id === id);
  return topic === undefined ? undefined : { topic: topic.name, partition: Number(partition) };
}
