import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Logger } from "../../runtime/logger.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import { JsonReporter } from "../dev/json-reporter.ts";
import { loadFunctions } from "../dev/load-functions.ts";
import type { Reporter } from "../dev/report.ts";
import { runDev } from "../dev/run-dev.ts";
import { scan } from "../dev/scan.ts";
import { TextReporter } from "../dev/text-reporter.ts";
import { type CliIo, exitCodes } from "../io.ts";
import { resolveBusOptions } from "../open-bus.ts";
import { CliError } from "../report-error.ts";
import { waggleCommand } from "../waggle-command.ts";

interface DevCommandOptions extends GlobalOptions {
  functions: string;
  strict?: boolean;
}

/** What is read where nothing is said. */
const defaultPaths = ["docs", "examples/inbox"];

/** `waggle dev`: runs the functions of a folder on a local bus, and gives them documents to read. */
export function devCommand(io: CliIo): Command {
  return createCommand(io, "dev", {
    summary: "run functions/ on a local bus and give a crew of agents real work",
    description:
      "Runs every functions/<name>/{subscription,handler}.ts on a local bus and has them read documents. " +
      "What earlier runs read is not read again; what they left is finished; a dead letter whose document was changed is redriven.",
    examples: [
      ["dev", "read docs/ and examples/inbox/"],
      ["dev ~/notes README.md", "read a folder and a file"],
      ["dev --strict --json", "for CI: NDJSON, and exit code 1 where something is dead"],
      ["dev --functions crew", "run other functions than those in functions/"],
    ],
    exits: {
      ok: "everything was handled, or is a dead letter",
      failed: "it could not run; with --strict also: something is dead",
    },
  })
    .argument("[paths...]", "files and folders to read (default: docs and examples/inbox)")
    .option("--functions <folder>", "folder of the functions", "functions")
    .option("--strict", "exit with 1 where there is a dead letter")
    .action(async (paths: string[], _options: unknown, command: Command) => {
      await dev(io, paths, command);
    });
}

async function dev(io: CliIo, paths: readonly string[], command: Command): Promise<void> {
  const { functions: folder, strict, json } = command.optsWithGlobals<DevCommandOptions>();
  const reporter = json === true ? new JsonReporter(io) : new TextReporter(io, waggleCommand(io, command));
  const options = await resolveBusOptions(io, command);
  if (options.engine === "aws") {
    throw new CliError(
      "dev runs functions and their bus on this machine, and so not with the aws engine, where they are deployed; " +
        "name another one: waggle dev --engine embedded",
    );
  }
  const { openBus } = await import("../../connect/index.ts");
  const [functions, found] = await Promise.all([
    loadFunctions(resolve(io.cwd, folder), io.cwd),
    scan(paths.length > 0 ? paths : presentDefaults(io), io.cwd, io.signal),
  ]);
  const bus = await openBus({
    source: "waggle-dev",
    logger: reporterLogger(reporter),
    onError: (error) => reporter.note("error", error.message),
    ...options,
  });
  try {
    const summary = await runDev({ bus, functions, found, reporter, signal: io.signal });
    reporter.finished(summary);
    if (strict === true && summary.deadLetters.length > 0) io.exitCode = exitCodes.failed;
  } finally {
    await bus.close();
    if (io.signal.aborted) reporter.interrupted();
  }
}

/** Of the default folders those that there are; a project need not have both. */
function presentDefaults(io: CliIo): string[] {
  const present = defaultPaths.filter((path) => existsSync(resolve(io.cwd, path)));
  if (present.length > 0) return present;
  throw new CliError(
    `there is no ${defaultPaths.join(" and no ")} here; say what to read: waggle dev <file or folder>`,
  );
}

/** What functions and the bus log, among what the run reports. */
function reporterLogger(reporter: Reporter): Logger {
  const write =
    (level: "warning" | "error"): Logger["info"] =>
    (message, fields) => {
      // Reported with its reason by the step that failed.
      if (message === "delivery is dead") return;
      const { subscription } = fields ?? {};
      reporter.note(level, typeof subscription === "string" ? `${subscription}: ${message}` : message);
    };
  return { debug: () => {}, info: () => {}, warn: write("warning"), error: write("error") };
}
