import { CommanderError } from "commander";
import { type CliIo, type ExitCode, exitCodes } from "./io.ts";
import { outlineProgram } from "./outline-program.ts";
import { commandProgram } from "./program.ts";
import type { Registration } from "./registry.ts";
import { runToExit } from "./run-to-exit.ts";

/** Runs one command line, without `node` and the script, and resolves to the exit code. Never rejects. */
export async function run(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  let json = false;
  const work = async (): Promise<ExitCode> => {
    if (argv.length === 0) return run(["--help"], io);
    let called: Registration | undefined;
    let equivalentArgv = argv;
    const outline = outlineProgram(io, argv, (registration, equivalent) => {
      called = registration;
      equivalentArgv = equivalent;
    });
    await outline.parseAsync(argv, { from: "user" });
    if (called === undefined) return run(equivalentArgv, io);
    const program = await commandProgram(io, called);
    program.on("option:json", () => {
      json = true;
    });
    await program.parseAsync(argv, { from: "user" });
    return io.exitCode;
  };
  return runToExit(
    io,
    () => json,
    () =>
      work().catch((thrown: unknown) => {
        if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.ok : usageCode(argv);
        throw thrown;
      }),
  );
}

/** A coding agent takes exit code 2 of a hook as an order to undo its prompt, or not to end its turn. */
function usageCode(argv: readonly string[]): ExitCode {
  return argv.includes("inbox") && argv.includes("--hook") ? exitCodes.failed : exitCodes.usage;
}
