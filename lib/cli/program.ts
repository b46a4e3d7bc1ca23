import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { Command } from "commander";
import { didYouMean } from "../event/nearest.ts";
import { globalOptions } from "./command.ts";
import type { CliIo } from "./io.ts";
import { type Registration, registry } from "./registry.ts";

/**
 * The program with a stand-in for each command, which tells `onCall` that it was called. A stand-in takes any arguments:
 * they are for the real command. `help` is one too, with the arguments that mean the same: commander's own would give the
 * help of a stand-in.
 */
export function outlineProgram(
  io: CliIo,
  argv: readonly string[],
  onCall: (called: Registration | undefined, argv: readonly string[]) => void,
): Command {
  const program = baseProgram(io).enablePositionalOptions();
  for (const registration of registry) {
    program.addCommand(standIn(registration).action(() => onCall(registration, argv)));
  }
  const help = standIn({ name: "help", summary: "print the help of a command" });
  program.addCommand(
    help.action((names: string[]) => {
      const known = registry.map(({ name }) => name);
      const [first] = names;
      if (first !== undefined && !known.includes(first)) {
        program.error(`error: unknown command '${first}'${didYouMean(first, known, `there are ${known.join(", ")}`)}`);
      }
      onCall(undefined, [...names, "--help"]);
    }),
  );
  return inheritSettings(program, io);
}

function standIn({ name, summary }: Pick<Registration, "name" | "summary">): Command {
  return new Command(name)
    .summary(summary)
    .argument("[arguments...]")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions();
}

/** The program with one real command. */
export async function commandProgram(io: CliIo, called: Registration): Promise<Command> {
  return inheritSettings(baseProgram(io).addCommand(await called.load(io)), io);
}

function baseProgram(io: CliIo): Command {
  const program = new Command("waggle")
    .description("The event bus of an AI-agent platform: publish, look up, wait for, replay.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .configureHelp({
      showGlobalOptions: true,
      styleTitle: io.stdout.colors.bold,
      subcommandTerm: (command) => command.name(),
      subcommandDescription: (command) => command.summary() || command.description(),
    })
    .configureOutput({
      writeOut: io.stdout.write,
      writeErr: io.stderr.write,
      getOutHelpWidth: () => io.stdout.columns,
      getErrHelpWidth: () => io.stderr.columns,
      getOutHasColors: () => io.stdout.colors.isColorSupported,
      getErrHasColors: () => io.stderr.colors.isColorSupported,
      outputError: (text, write) => write(text.replace(/^error:/, io.stderr.colors.red("error:"))),
    })
    .addHelpText("after", seeAlso(io.stdout.colors));
  for (const option of globalOptions()) program.addOption(option);
  return program;
}

function seeAlso({ bold, dim, cyan }: CliIo["stdout"]["colors"]): string {
  return `
${bold("Examples:")}
  ${dim("# run functions/ and watch, then look at what happened")}
  ${cyan("waggle dev")}
  ${cyan("waggle history --limit 5")}
  ${dim("# publish one event, and every line of a file")}
  ${cyan(`waggle publish custom.greeted '{"name":"Ada"}'`)}
  ${cyan("waggle publish --from events.ndjson")}

${bold("Exit codes:")}
  0    done
  1    something failed, in part or whole, or did not match
  2    the command line is wrong
  130  interrupted by SIGINT or SIGTERM

${bold("Environment:")}
  WAGGLE_ENGINE, WAGGLE_FILE, WAGGLE_BUS, WAGGLE_SOURCE
                         where no option and no waggle.config.ts says otherwise
  AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL and all others of AWS's own
                         where the aws engine finds Region, credentials and endpoint
  NO_COLOR, FORCE_COLOR  colour never or always; default: on a terminal`;
}

/** Commander hands settings down to commands that it makes itself only. */
function inheritSettings(command: Command, io: CliIo): Command {
  command.exitOverride();
  for (const subcommand of command.commands) {
    subcommand.configureOutput(command.configureOutput()).configureHelp(command.configureHelp());
    inheritSettings(subcommand, io);
  }
  const path = commandPath(command);
  const usage = command.createHelp().commandUsage(command);
  command.showHelpAfterError(`usage: ${usage}\n${path} --help says more.`);
  return command;
}

function commandPath(command: Command): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`;
}

function version(): string {
  const file = findPackageJSON(import.meta.url);
  const contents: unknown = file === undefined ? undefined : JSON.parse(readFileSync(file, "utf8"));
  const stated = contents instanceof Object ? Reflect.get(contents, "version") : undefined;
  return typeof stated === "string" ? stated : "unknown";
}
