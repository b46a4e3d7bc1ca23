import type { Command, Option } from "commander";
import type { CliIo } from "../io.ts";
import { commandProgram } from "../program.ts";
import type { Registration } from "../registry.ts";

/** An option as a shell completes it. */
export interface CompletedOption {
  /** `-f` and `--from`, as far as there are both. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** The values that it takes; empty where they are free. */
  readonly choices: readonly string[];
}

/** A command as a shell completes it. */
export interface CompletedCommand {
  /** Its name after those of its groups: `dlq list`; empty for the program itself. */
  readonly path: string;
  readonly subcommands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly CompletedOption[];
}

/** All commands with what follows them, from the commands themselves. */
export async function commandTable(io: CliIo, registry: readonly Registration[]): Promise<readonly CompletedCommand[]> {
  const programs = await Promise.all(registry.map((registration) => commandProgram(io, registration)));
  const [first] = programs;
  const globals = first?.options.map(completed) ?? [];
  const root: CompletedCommand = {
    path: "",
    subcommands: [...registry.map(({ name, summary }) => ({ name, summary })), help],
    options: globals,
  };
  const below = programs.flatMap(({ commands }) => commands.flatMap((command) => tableOf(command, "", globals)));
  return [root, ...below];
}

const help = { name: "help", summary: "print the help of a command" };

function tableOf(command: Command, above: string, globals: readonly CompletedOption[]): CompletedCommand[] {
  const path = above === "" ? command.name() : `${above} ${command.name()}`;
  const subcommands = command.commands.map((one) => ({ name: one.name(), summary: one.summary() }));
  const options = [...command.options.map(completed), helpOption, ...globals.filter(({ flags }) => !isVersion(flags))];
  return [{ path, subcommands, options }, ...command.commands.flatMap((one) => tableOf(one, path, globals))];
}

const helpOption: CompletedOption = {
  flags: ["-h", "--help"],
  description: "print help",
  takesValue: false,
  choices: [],
};

function isVersion(flags: readonly string[]): boolean {
  return flags.includes("--version");
}

function completed({ argChoices = [], description, long, optional, required, short }: Option): CompletedOption {
  const flags = [short, long].flatMap((flag) => flag ?? []);
  return { flags, description, takesValue: required || optional, choices: argChoices };
}
