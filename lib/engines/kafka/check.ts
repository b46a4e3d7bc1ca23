import type { Catalog } from "../../event/catalog.ts";
import { Clients } from "./client/clients.ts";
import { loadDriver } from "./client/driver.ts";
import { kafkaError } from "./client/kafka-error.ts";
import type { Connection, TopicSettings } from "./settings.ts";
import { topicNames } from "./topics/topic-names.ts";
import { describeTopics, ensureTopics, type TopicState } from "./topics/topics.ts";

/** A topic of the bus, and what is wrong with it. */
export interface CheckedTopic extends TopicState {
  /** Its retention in milliseconds; -1: for ever. */
  readonly retentionMs: number;
  readonly minInsyncReplicas: number;
  readonly problems: readonly string[];
}

/** What `waggle kafka check` finds. */
export interface KafkaCheck {
  readonly topics: readonly CheckedTopic[];
  /** Topics of the bus that are not there. */
  readonly missing: readonly string[];
}

type Where = Connection & TopicSettings;

const dayMs = 86_400_000;
/** Bytes of the largest event, and what a record adds to it. */
const largestRecord = 1_048_576;

/** Makes the topics of a bus that are missing; gives all of them. `invalid_config`, `unavailable`. */
export async function initKafka(where: Where, catalog: Catalog): Promise<readonly TopicState[]> {
  const clients = new Clients(await loadDriver(), where);
  return ensureTopics(clients, topicNames(where, catalog), { ...where, create: true });
}

/** Looks whether the topics of a bus are there, and keep what it promises. `unavailable`. */
export async function checkKafka(where: Where, catalog: Catalog): Promise<KafkaCheck> {
  const driver = await loadDriver();
  const clients = new Clients(driver, where);
  const names = topicNames(where, catalog);
  const wanted = [...names.events, names.deadLetters];
  const found = await describeTopics(clients, wanted);
  const missing = wanted.filter((name) => !found.some((topic) => topic.name === name));
  if (found.length === 0) return { topics: [], missing };
  const admin = clients.admin();
  try {
    const descriptions = await admin.describeConfigs({
      resources: found.map(({ name }) => ({
        resourceType: driver.ConfigResourceTypes.TOPIC,
        resourceName: name,
        configurationKeys: ["cleanup.policy", "retention.ms", "min.insync.replicas", "max.message.bytes"],
      })),
    });
    const topics = found.map((topic) => {
      const configs = descriptions.find(({ resourceName }) => resourceName === topic.name)?.configs ?? [];
      const settings = new Map(configs.map(({ name, value }) => [name, value ?? ""]));
      return checkedTopic(topic, settings, where.replicationFactor);
    });
    return { topics, missing };
  } catch (thrown) {
    throw kafkaError(thrown, "the settings of the topics");
  } finally {
    await admin.close().catch(() => {});
  }
}

function checkedTopic(
  topic: TopicState,
  settings: ReadonlyMap<string, string>,
  replicationFactor: number | undefined,
): CheckedTopic {
  const number = (name: string) => Number(settings.get(name) ?? Number.NaN);
  const [minInsyncReplicas, retentionMs] = [number("min.insync.replicas"), number("retention.ms")];
  const policy = settings.get("cleanup.policy") ?? "";
  const problems: string[] = [];
  if (policy.includes("compact")) {
    problems.push(`cleanup.policy is ${policy}: it deletes events of a flow before they are recorded; set delete`);
  }
  if (replicationFactor !== undefined && topic.replicas < replicationFactor) {
    problems.push(`it has ${topic.replicas} replicas, not ${replicationFactor}; reassign its partitions`);
  }
  if (topic.replicas === 1) problems.push("it has one replica: what it holds is lost with its broker");
  else if (minInsyncReplicas < 2) {
    problems.push("min.insync.replicas is 1: what one broker acknowledged alone can be lost; set 2 or more");
  } else if (minInsyncReplicas >= topic.replicas) {
    problems.push(
      `min.insync.replicas is ${minInsyncReplicas}, as many as replicas: with one broker down, it takes nothing`,
    );
  }
  if (retentionMs >= 0 && retentionMs < dayMs) {
    problems.push(
      `retention.ms is ${retentionMs}, less than a day: that is all the time the recorders may stand still`,
    );
  }
  if (number("max.message.bytes") <= largestRecord) {
    problems.push("max.message.bytes is at most 1 MiB: the largest events are refused; set 2097152");
  }
  return { ...topic, retentionMs, minInsyncReplicas, problems };
}
