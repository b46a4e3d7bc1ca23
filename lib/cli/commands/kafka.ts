import type { Command } from "commander";
import type { EngineSettings, TopicState } from "../../engines/kafka/index.ts";
import { BusError } from "../../error/bus-error.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import { type CliIo, exitCodes } from "../io.ts";
import { type BusOptions, resolveBusOptions } from "../open-bus.ts";
import { count } from "../options/values.ts";
import { type Column, renderTable } from "../output/table.ts";
import { printable } from "../output/text.ts";

type InitOptions = GlobalOptions & { partitions?: number; replicationFactor?: number };

/** `waggle kafka` */
export function kafkaCommand(io: CliIo): Command {
  return createCommand(io, "kafka", {
    summary: "make or check the topics of the kafka engine",
    examples: [...initExamples, ...checkExamples],
    exits: {
      ok: "the topics are there",
      failed: "the cluster cannot be reached or refuses, or the check found problems",
    },
  })
    .addCommand(initCommand(io))
    .addCommand(checkCommand(io));
}

const initExamples = [
  ["kafka init --url kafka://localhost:9092 --bus agents --replication-factor 1", "make the topics of a bus"],
] as const;
const checkExamples = [
  ["kafka check --url kafka://localhost:9092 --bus agents", "see whether they keep what the bus promises"],
] as const;

type Shown = Omit<TopicState, "id">;

const columns: readonly Column<Shown>[] = [
  { title: "topic", text: ({ name }) => printable(name) },
  { title: "partitions", text: ({ partitions }) => String(partitions), align: "right" },
  { title: "replicas", text: ({ replicas }) => String(replicas), align: "right" },
];

function initCommand(io: CliIo): Command {
  return createCommand(io, "init", {
    summary: "make the topics of a bus that are missing",
    description:
      "Makes the topics of a bus that are missing. connect does the same, unless the engine was told not to. Options of kafkaEngine, such as TLS, come from waggle.config.ts.",
    examples: initExamples,
    exits: { ok: "all topics are there", failed: "the cluster cannot be reached, or refuses" },
  })
    .option("--partitions <count>", "partitions of a topic that is made (default: 6)", count())
    .option("--replication-factor <count>", "copies of each partition (default: what the cluster says)", count())
    .action(async (_, self: Command) => {
      const { json, partitions, replicationFactor } = self.optsWithGlobals<InitOptions>();
      const { catalog, settings } = await where(io, self);
      const { initKafka } = await loadKafka();
      const topics = await initKafka(
        {
          ...settings,
          ...(partitions === undefined ? {} : { partitions }),
          ...(replicationFactor === undefined ? {} : { replicationFactor }),
        },
        catalog,
      );
      const shown = topics.map(({ id: _id, ...topic }) => topic);
      io.stdout.write(json === true ? `${JSON.stringify(shown)}\n` : renderTable(io.stdout, columns, shown));
    });
}

function checkCommand(io: CliIo): Command {
  return createCommand(io, "check", {
    summary: "look whether the topics keep what the bus promises",
    examples: checkExamples,
    exits: { ok: "they do", failed: "the cluster cannot be reached, or there are problems" },
  }).action(async (_, self: Command) => {
    const { json } = self.optsWithGlobals<GlobalOptions>();
    const { catalog, settings } = await where(io, self);
    const { checkKafka } = await loadKafka();
    const { missing, topics } = await checkKafka(settings, catalog);
    const problems = [
      ...missing.map((name) => `${name}: there is no such topic; run waggle kafka init`),
      ...topics.flatMap(({ name, problems: found }) => found.map((problem) => `${name}: ${problem}`)),
    ];
    if (json === true) io.stdout.write(`${JSON.stringify({ topics, missing })}\n`);
    else io.stdout.write(problems.length === 0 ? "the topics are as they should be\n" : `${problems.join("\n")}\n`);
    if (problems.length > 0) io.exitCode = exitCodes.failed;
  });
}

async function loadKafka() {
  return (await import("../../connect/load-engine.ts")).loadKafka();
}

/** The settings of the selected bus: those of `kafkaEngine` in a configuration file, or what the options name. */
async function where(io: CliIo, command: Command): Promise<{ settings: Settings; catalog: BusOptions["catalog"] }> {
  const { bus, catalog, engine, url } = await resolveBusOptions(io, command, { engineOfUrl: "kafka" });
  const { kafkaSettings, settingsOf } = await loadKafka();
  const configured = typeof engine === "function" ? settingsOf(engine) : undefined;
  if (configured !== undefined) return { settings: configured, catalog };
  if (url === undefined) {
    throw new BusError("invalid_config", "kafka: no brokers; give --url, or set WAGGLE_URL, as kafka://localhost:9092");
  }
  const noStore = () => () => Promise.reject(new BusError("invalid_config", "kafka: this command opens no store"));
  return { settings: kafkaSettings({ brokers: url, ...(bus === undefined ? {} : { bus }) }, noStore), catalog };
}

type Settings = Pick<
  EngineSettings,
  "brokers" | "bus" | "create" | "domains" | "partitions" | "replicationFactor" | "sasl" | "tls" | "topics"
>;
