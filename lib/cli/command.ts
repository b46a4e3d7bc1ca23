import { Command, Option } from "commander";
import { didYouMean } from "../event/nearest.ts";
import type { CliIo } from "./io.ts";

/** Options that every command accepts, before or after its name. Read them with `command.optsWithGlobals()`. */
export interface GlobalOptions {
  engine?: string;
  file?: string;
  bus?: string;
  url?: string;
  store?: string;
  config?: string;
  json?: boolean;
}

/** The parts of a command's help except its options. */
export interface CommandHelp {
  /** A phrase for the list of commands. */
  summary: string;
  /** The full description for the command's own help; default: the summary. */
  description?: string;
  /** Command lines without `waggle`, each with a description. */
  examples?: readonly (readonly [line: string, description: string])[];
  /** The meaning of exit codes 0 and 1; 2 (usage) and 130 (interrupted) are the same for all commands. */
  exits?: { ok: string; failed: string };
}

/** Creates a command with its help. The caller adds options and the action. */
export function createCommand(io: CliIo, name: string, help: CommandHelp): Command {
  const command = new Command(name).summary(help.summary).description(help.description ?? sentence(help.summary));
  if (help.examples !== undefined) command.addHelpText("after", () => examplesText(io, help.examples ?? []));
  if (help.exits !== undefined) command.addHelpText("after", () => exitsText(io, help.exits));
  return command;
}

/** Creates the options of {@link GlobalOptions}. */
export function globalOptions(): Option[] {
  return [
    new Option(
      "--engine <name>",
      "engine of the bus: embedded, memory, aws, postgres, kafka or http (default: configuration, else embedded)",
    ),
    new Option("--file <path>", "database of the embedded engine (default: configuration, else .waggle/bus.db)"),
    new Option(
      "--bus <name>",
      "deployed bus of the aws engine, or topic of the kafka engine (default: configuration, else WAGGLE_BUS)",
    ),
    new Option(
      "--url <url>",
      "database of the postgres engine, brokers of the kafka engine, or server of the http engine (default: configuration, else WAGGLE_URL)",
    ),
    new Option(
      "--store <where>",
      "what the kafka engine keeps history by: a PostgreSQL URL or a file (default: configuration, else WAGGLE_STORE)",
    ),
    new Option("--config <path>", "configuration file (default: waggle.config.ts in this folder, if it exists)"),
    new Option("--json", "output for programs: one JSON value per line, in a stable format"),
  ];
}

/**
 * Adds the default subcommand of a group. An unknown subcommand is an error of the group, which knows the similar names.
 */
export function addDefaultCommand(group: Command, subcommand: Command): void {
  subcommand.allowExcessArguments(true);
  subcommand.hook("preAction", () => {
    const [excess] = subcommand.args.slice(subcommand.registeredArguments.length);
    if (excess === undefined) return;
    const names = group.commands.map((command) => command.name());
    const fix = didYouMean(excess, names, `the commands are ${names.join(", ")}`);
    group.error(`error: unknown command '${excess}'${fix}`);
  });
  group.addCommand(subcommand, { isDefault: true });
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

function examplesText(io: CliIo, examples: readonly (readonly [string, string])[]): string {
  const { bold, dim, cyan } = io.stdout.colors;
  const lines = examples.map(([line, description]) => `  ${dim(`# ${description}`)}\n  ${cyan(`waggle ${line}`)}`);
  return `\n${bold("Examples:")}\n${lines.join("\n")}`;
}

function exitsText(io: CliIo, exits: CommandHelp["exits"]): string {
  const { bold } = io.stdout.colors;
  return `\n${bold("Exit codes:")}
  0    ${exits?.ok}
  1    ${exits?.failed}
  2    the command line is invalid
  130  interrupted by SIGINT or SIGTERM`;
}
