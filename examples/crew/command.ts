import { Command, Option } from "commander";

/** How the user calls this program. */
export const program = "npm start --";

/** What its command line says besides what to read. */
export interface CrewOptions {
  engine?: "embedded" | "memory";
  file?: string;
  config?: string;
  functions?: string;
  json?: boolean;
  strict?: boolean;
  keep?: boolean;
}

const help = `
Examples:
  # read a folder and a file
  ${program} ~/notes README.md
  # leave the page open: what happened, what failed, what to do
  ${program} --keep
  # for CI: NDJSON, and exit code 1 where something is dead
  ${program} --strict --json
  # run other functions than those in functions/
  ${program} --functions crew

Exit codes:
  0    everything was handled, or is a dead letter
  1    it could not run; with --strict also: something is dead
  2    the command line is wrong
  130  interrupted by SIGINT or SIGTERM`;

/** The command line; a wrong one ends the process with 2. */
export function crewCommand(read: (paths: readonly string[], options: CrewOptions) => Promise<void>): Command {
  return new Command(program)
    .description(
      "Runs every functions/<name>/{subscription,handler}.ts on a bus of this machine and has them read documents. What " +
        "earlier runs read is not read again; what they left is finished; a dead letter whose document was changed is redriven. " +
        "While it works, it prints the address of a page that shows what happens.",
    )
    .argument("[paths...]", "files and folders to read (default: docs and examples/inbox)")
    .option("--functions <folder>", "folder of the functions (default: functions)")
    .option("--strict", "exit with 1 where there is a dead letter")
    .option("--keep", "stay after the work, with the page open, until Ctrl-C")
    .option("--json", "for programs: one JSON object a line")
    .addOption(new Option("--engine <name>", "engine of the bus").choices(["embedded", "memory"]))
    .option("--file <path>", "database of the embedded engine (default: configuration, else .waggle/bus.db)")
    .option("--config <path>", "configuration file (default: waggle.config.ts in this folder, if there is one)")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", help)
    .showHelpAfterError(`usage: ${program} [options] [paths...]\n${program} --help says more.`)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .action(read);
}
