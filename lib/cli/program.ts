import { Command } from "commander";
import { globalOptions } from "./command.ts";
import type { CliIo } from "./io.ts";
import { packageVersion } from "./package-version.ts";
import type { Registration } from "./registry.ts";

/** Creates the program with one real command. */
export async function commandProgram(io: CliIo, called: Registration): Promise<Command> {
  return inheritSettings(baseProgram(io).addCommand(await called.load(io)), io);
}

/** Creates the program without a command: its description, options and the form of its help. */
export function baseProgram(io: CliIo): Command {
  const program = new Command("waggle")
    .description("The event bus of an AI-agent platform: publish, look up, wait for, replay.")
    .version(packageVersion(), "-V, --version", "print the version")
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
  1    something failed, in part or completely, or did not match
  2    the command line is invalid
  130  interrupted by SIGINT or SIGTERM

${bold("Environment:")}
  WAGGLE_ENGINE, WAGGLE_FILE, WAGGLE_BUS, WAGGLE_URL, WAGGLE_SOURCE
                         defaults for options that neither the command line nor waggle.config.ts sets
  AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL and the other variables of AWS SDKs
                         Region, credentials and endpoint of the aws engine
  NO_COLOR, FORCE_COLOR  never or always use colours; default: on a terminal`;
}

/** Copies settings to subcommands, which commander does only for commands that it creates itself. */
export function inheritSettings(command: Command, io: CliIo): Command {
  command.exitOverride();
  for (const subcommand of command.commands) {
    subcommand.configureOutput(command.configureOutput()).configureHelp(command.configureHelp());
    inheritSettings(subcommand, io);
  }
  const path = commandPath(command);
  const usage = command.createHelp().commandUsage(command);
  command.showHelpAfterError(`usage: ${usage}\nFor more, run ${path} --help.`);
  return command;
}

function commandPath(command: Command): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`;
}
