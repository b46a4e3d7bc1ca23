import type { Command } from "commander";
import type { GlobalOptions } from "./command.ts";
import type { CliIo } from "./io.ts";
import { printable } from "./output/text.ts";

/** The options of a command line that select a bus. */
export type NamedBus = Pick<GlobalOptions, "engine" | "file" | "bus" | "config">;

/**
 * Returns the start of a command line for a hint: with npm there is no `waggle` on the path, and options that select a bus are
 * repeated.
 */
export function waggleFor(env: CliIo["env"], { engine, file, bus, config }: NamedBus): string {
  const options = Object.entries({ engine, file, bus, config }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${shellWord(value)}`],
  );
  return [program(env), ...options].join(" ");
}

/** Returns {@link waggleFor} with the options of this command line. */
export function waggleCommand({ env }: CliIo, command: Command): string {
  return waggleFor(env, command.optsWithGlobals<GlobalOptions>());
}

function program(env: CliIo["env"]): string {
  if (env.npm_lifecycle_event === undefined) return "waggle";
  return env.npm_package_name === "wagglebus" ? "npm run waggle --" : "npx waggle";
}

function shellWord(value: string): string {
  return /^[\w./:@%+=-]+$/.test(value) ? value : `'${printable(value).replaceAll("'", "'\\''")}'`;
}
