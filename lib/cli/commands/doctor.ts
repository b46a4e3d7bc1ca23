import { existsSync } from "node:fs";
import type { Command } from "commander";
import { engineOf } from "../../bus/engine-of.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import { busFindings } from "../doctor/bus-checks.ts";
import { failureOf } from "../doctor/failure.ts";
import { type Finding, failed, ok, withoutSecrets } from "../doctor/finding.ts";
import { storeFindings } from "../doctor/store-checks.ts";
import { type CliIo, exitCodes } from "../io.ts";
import { tooOldNode } from "../node-version.ts";
import { type BusOptions, resolveBusOptions } from "../open-bus.ts";
import { writeJson } from "../output/json.ts";
import { printableLines } from "../output/text.ts";
import { packageVersion } from "../package-version.ts";

type Options = GlobalOptions & { integrity: boolean; strict?: boolean };

/** `waggle doctor` */
export function doctorCommand(io: CliIo): Command {
  return createCommand(io, "doctor", {
    summary: "check configuration, engine and store, and say how to fix what is wrong",
    description:
      "Checks the versions, the configuration, whether the engine can be reached and used, and how its store and its " +
      "subscriptions stand. Says the fix for each problem, and changes nothing: a store that is not up to date is reported, " +
      "and not opened.",
    examples: [
      ["doctor", "the bus of this folder"],
      ["doctor --engine aws --bus agents", "a deployed bus, with the permissions of these credentials"],
      [
        "doctor --engine postgres --url postgres://app@localhost/app",
        "schema, grants, LISTEN through this URL, partitions, WAL",
      ],
      ["doctor --engine kafka --url kafka://localhost:9092 --bus agents", "brokers, topics, replicas, lags, store"],
      ["doctor --strict --json", "for CI: exit 1 for warnings too"],
    ],
    exits: { ok: "nothing failed", failed: "a check failed; with --strict: or gave a warning" },
  })
    .option("--no-integrity", "do not look for damage in the file of the embedded engine, which reads all of it")
    .option("--strict", "exit 1 for warnings too")
    .action(async (_, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      const counts = { ok: 0, warning: 0, failed: 0 };
      for await (const found of findings(io, self, options)) {
        const finding = { ...found, text: withoutSecrets(found.text) };
        counts[finding.state] += 1;
        if (options.json === true) writeJson(io.stdout, finding);
        else io.stdout.write(renderFinding(io, finding));
      }
      if (counts.failed > 0 || (options.strict === true && counts.warning > 0)) io.exitCode = exitCodes.failed;
    });
}

async function* findings(io: CliIo, command: Command, options: Options): AsyncGenerator<Finding> {
  yield nodeFinding();
  let bus: BusOptions;
  try {
    bus = await resolveBusOptions(io, command);
  } catch (thrown) {
    yield failureOf("config", thrown);
    return;
  }
  const engine = typeof bus.engine === "string" ? bus.engine : "its own";
  const where = bus.file ?? bus.url ?? bus.bus;
  yield ok("config", `engine ${engine}${where === undefined ? "" : `, ${where}`}`);
  let store: Finding[];
  try {
    store = await storeFindings(io, bus, options);
  } catch (thrown) {
    store = [failureOf("store", thrown)];
  }
  yield* store;
  // Opening creates a file that is missing, and migrates a store that is not up to date.
  const missing = bus.engine === "embedded" && bus.file !== undefined && !existsSync(bus.file);
  if (missing || store.some(({ check, state }) => state === "failed" || (check === "file" && state !== "ok"))) return;
  yield* engineFindings(bus);
}

async function* engineFindings(options: BusOptions): AsyncGenerator<Finding> {
  const { openBus } = await import("../../connect/index.ts");
  let bus: Awaited<ReturnType<typeof openBus<Record<string, unknown>>>>;
  try {
    bus = await openBus({ logLevel: "silent", ...options });
  } catch (thrown) {
    yield failureOf("engine", thrown);
    return;
  }
  try {
    yield ok("engine", `${bus.engine.name} can be reached`);
    const store = engineOf(bus)?.store;
    if (bus.engine.name === "kafka" && store !== undefined) yield ok("store", `history is kept by ${store}`);
    yield* await busFindings(bus);
  } finally {
    await bus.close();
  }
}

function nodeFinding(): Finding {
  const problem = tooOldNode(process.versions.node);
  const versions = `wagglebus ${packageVersion()}, Node ${process.versions.node}`;
  return problem === undefined ? ok("node", versions) : failed("node", problem, "install a newer Node");
}

function renderFinding(io: CliIo, { check, fix, state, text }: Finding): string {
  const { green, red, yellow, dim } = io.stdout.colors;
  const mark = { ok: green("✓"), warning: yellow("!"), failed: red("✗") }[state];
  const line = `${mark} ${dim(check.padEnd(14))} ${printableLines(text)}\n`;
  return fix === undefined ? line : `${line}  ${dim("fix:".padEnd(14))} ${printableLines(fix)}\n`;
}
