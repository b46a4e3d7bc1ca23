import type { Command } from "commander";
import type { GlobalOptions } from "./command.ts";
import type { CliIo } from "./io.ts";
import { printable } from "./output/text.ts";

/** The options of a command line that name a bus. */
export type NamedBus = Pick<GlobalOptions, "engine" | "file" | "bus" | "config">;

/**
 * How a hint begins a command line: one who came by npm has no `waggle` on the path, and one who named a bus by options
 * means that bus again.
 */
export function waggleFor(env: CliIo["env"], { engine, file, bus, config }: NamedBus): string {
  const named = Object.entries({ engine, file, bus, config }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${shellWord(value)}`],
  );
  return [program(env), ...named].join(" ");
}

/** {@link waggleFor} the bus that the options of this command line name. */
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
