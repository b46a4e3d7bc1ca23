import { Command, Option } from "commander";
import { didYouMean } from "../event/nearest.ts";
import type { CliIo } from "./io.ts";

/** Options that every command takes, before or after its name: read them with `command.optsWithGlobals()`. */
export interface GlobalOptions {
  engine?: string;
  file?: string;
  bus?: string;
  config?: string;
  json?: boolean;
}

/** What the help of a command says besides its options. */
export interface CommandHelp {
  /** Half a line, for the list of commands. */
  summary: string;
  /** The whole of it, for the command's own help; default: the summary. */
  description?: string;
  /** Command lines without the `waggle` in front, each with what it does. */
  examples?: readonly (readonly [line: string, says: string])[];
  /** What 0 and 1 mean here; 2 (usage) and 130 (interrupted) are the same everywhere. */
  exits?: { ok: string; failed: string };
}

/** A command with its help. Options and action are the caller's. */
export function createCommand(io: CliIo, name: string, help: CommandHelp): Command {
  const command = new Command(name).summary(help.summary).description(help.description ?? sentence(help.summary));
  if (help.examples !== undefined) command.addHelpText("after", () => examplesText(io, help.examples ?? []));
  if (help.exits !== undefined) command.addHelpText("after", () => exitsText(io, help.exits));
  return command;
}

/** The options of {@link GlobalOptions}. */
export function globalOptions(): Option[] {
  return [
    new Option("--engine <name>", "engine of the bus: embedded, memory or aws (default: configuration, else embedded)"),
    new Option("--file <path>", "database of the embedded engine (default: configuration, else .waggle/bus.db)"),
    new Option("--bus <name>", "deployed bus of the aws engine (default: configuration, else WAGGLE_BUS)"),
    new Option("--config <path>", "configuration file (default: waggle.config.ts in this folder, if there is one)"),
    new Option("--json", "for programs: one JSON value a line, in a shape that stays"),
  ];
}

/**
 * Makes `subcommand` what its group does when nothing is said. An unknown name is then refused by the group, which knows
 * the names that were meant.
 */
export function addDefaultCommand(group: Command, subcommand: Command): void {
  subcommand.allowExcessArguments(true);
  subcommand.hook("preAction", () => {
    const [excess] = subcommand.args.slice(subcommand.registeredArguments.length);
    if (excess === undefined) return;
    const names = group.commands.map((command) => command.name());
    const fix = didYouMean(excess, names, `there are ${names.join(", ")}`);
    group.error(`error: unknown command '${excess}'${fix}`);
  });
  group.addCommand(subcommand, { isDefault: true });
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

function examplesText(io: CliIo, examples: readonly (readonly [string, string])[]): string {
  const { bold, dim, cyan } = io.stdout.colors;
  const lines = examples.map(([line, says]) => `  ${dim(`# ${says}`)}\n  ${cyan(`waggle ${line}`)}`);
  return `\n${bold("Examples:")}\n${lines.join("\n")}`;
}

function exitsText(io: CliIo, exits: CommandHelp["exits"]): string {
  const { bold } = io.stdout.colors;
  return `\n${bold("Exit codes:")}
  0    ${exits?.ok}
  1    ${exits?.failed}
  2    the command line is wrong
  130  interrupted by SIGINT or SIGTERM`;
}
