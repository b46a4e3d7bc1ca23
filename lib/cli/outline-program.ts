import { Command } from "commander";
import { didYouMean } from "../event/nearest.ts";
import type { CliIo } from "./io.ts";
import { baseProgram, inheritSettings } from "./program.ts";
import { type Registration, registry } from "./registry.ts";

/**
 * Creates the program with a placeholder for each command, which calls `onCall`. A placeholder accepts any arguments, since
 * they are for the real command. `help` is a placeholder too, with equivalent arguments: commander's own help command would
 * print the help of a placeholder.
 */
export function outlineProgram(
  io: CliIo,
  argv: readonly string[],
  onCall: (called: Registration | undefined, argv: readonly string[]) => void,
): Command {
  const program = baseProgram(io).enablePositionalOptions();
  for (const registration of registry) {
    program.addCommand(placeholder(registration).action(() => onCall(registration, argv)));
  }
  const help = placeholder({ name: "help", summary: "print the help of a command" });
  program.addCommand(
    help.action((names: string[]) => {
      const known = registry.map(({ name }) => name);
      const [first] = names;
      if (first !== undefined && !known.includes(first)) {
        const fix = didYouMean(first, known, `the commands are ${known.join(", ")}`);
        program.error(`error: unknown command '${first}'${fix}`);
      }
      onCall(undefined, [...names, "--help"]);
    }),
  );
  return inheritSettings(program, io);
}

function placeholder({ name, summary }: Pick<Registration, "name" | "summary">): Command {
  return new Command(name)
    .summary(summary)
    .argument("[arguments...]")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions();
}
