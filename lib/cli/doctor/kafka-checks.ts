import { loadKafka } from "../../connect/load-engine.ts";
import type { CheckedTopic } from "../../engines/kafka/check.ts";
import type { GroupLag, KafkaHealth, PartitionHealth } from "../../engines/kafka/health.ts";
import type { BusOptions } from "../open-bus.ts";
import { plural } from "../output/text.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

/** Records behind which somebody should look: at a steady rate a recorder is behind by those of a moment. */
const manyRecords = 10_000;

/** How the cluster, the topics of a bus and those who read them stand. */
export async function kafkaFindings({ bus, catalog, engine, url }: BusOptions): Promise<Finding[]> {
  const { checkKafka, kafkaHealth, kafkaSettings, settingsOf } = await loadKafka();
  const noStore = () => () => Promise.reject(new Error("no store is opened"));
  const configured = typeof engine === "function" ? settingsOf(engine) : undefined;
  if (configured === undefined && url === undefined) return [];
  const settings = configured ?? kafkaSettings({ brokers: url ?? "", ...(bus === undefined ? {} : { bus }) }, noStore);
  const { missing, topics } = await checkKafka(settings, catalog);
  const health = await kafkaHealth(
    { ...settings, catalog },
    topics.map(({ name }) => name),
  );
  return [
    ...health.brokers.map(({ address, error }) =>
      error === undefined
        ? ok("broker", `${address} answers`)
        : failed(
            "broker",
            `${address} cannot be reached: ${error}`,
            "start it; or correct its advertised.listeners, which is the address that it gives to clients",
          ),
    ),
    ...missing.map((name) => failed("topic", `there is no topic ${name}`, "run waggle kafka init")),
    ...topics.flatMap((topic) => topicFindings(topic, health)),
    ...health.lags.map(lagFinding),
  ];
}

function topicFindings(topic: CheckedTopic, health: KafkaHealth): Finding[] {
  const { name, partitions, problems, replicas } = topic;
  const found = [
    ...problems.map((problem) => warning("topic", `${name}: ${problem}`, "change the settings of the topic")),
    ...health.partitions.filter((one) => one.topic === name).map((one) => partitionFinding(one, topic)),
  ];
  const text = `topic ${name} keeps what the bus promises: ${plural(partitions, "partition")}, ${plural(replicas, "replica")}`;
  return found.length === 0 ? [ok("topic", text)] : found;
}

function partitionFinding({ inSync, led, partition, replicas }: PartitionHealth, topic: CheckedTopic): Finding {
  const { minInsyncReplicas, name } = topic;
  const where = `${name}, partition ${partition}`;
  const fix = "start the brokers that hold its copies, or reassign it to others";
  if (!led) return failed("topic", `${where}: no broker leads it, so that it takes and gives nothing`, fix);
  const text = `${where}: ${inSync} of ${replicas} replicas are in sync`;
  if (inSync >= minInsyncReplicas) return warning("topic", text, fix);
  return failed("topic", `${text}, and min.insync.replicas is ${minInsyncReplicas}: publishing to it fails`, fix);
}

function lagFinding({ group, records, subscription }: GroupLag): Finding {
  const behind = `${plural(records, "record")} behind`;
  const check = subscription === undefined ? "recorder" : "lag";
  const text =
    subscription === undefined
      ? `the store is ${behind} the topics (group ${group})`
      : `${subscription}: ${behind} (group ${group})`;
  if (records <= manyRecords) return ok(check, text);
  const fix =
    subscription === undefined
      ? "start a process of the bus, which records; if there is one, its store is too slow: start more, or give it a faster one"
      : `start the process that handles ${subscription}, or more of them; raise its concurrency; or delete the subscription`;
  return warning(check, text, fix);
}
