import { CommanderError } from "commander";
import { longestTimerMs } from "../runtime/clock.ts";
import { type CliIo, type ExitCode, exitCodes, Interruption } from "./io.ts";
import { commandProgram, outlineProgram } from "./program.ts";
import type { Registration } from "./registry.ts";
import { reportError } from "./report-error.ts";

/** Runs one command line, without `node` and the script, and resolves to the exit code. Never rejects. */
export async function run(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  let json = false;
  // Waiting for events of other processes does not keep this one alive.
  const alive = setInterval(() => {}, longestTimerMs);
  try {
    if (argv.length === 0) return await run(["--help"], io);
    let called: Registration | undefined;
    let equivalentArgv = argv;
    const outline = outlineProgram(io, argv, (registration, equivalent) => {
      called = registration;
      equivalentArgv = equivalent;
    });
    await outline.parseAsync(argv, { from: "user" });
    if (called === undefined) return await run(equivalentArgv, io);
    const program = await commandProgram(io, called);
    program.on("option:json", () => {
      json = true;
    });
    await program.parseAsync(argv, { from: "user" });
    return io.exitCode;
  } catch (thrown) {
    return exitCodeOf(thrown, io, json);
  } finally {
    clearInterval(alive);
  }
}

function exitCodeOf(thrown: unknown, io: CliIo, json: boolean): ExitCode {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const reason: unknown = io.signal.reason;
  // A command that failed because it was interrupted has not failed.
  if (reason instanceof Interruption) {
    return reason.why === "output-closed" ? exitCodes.ok : exitCodes.interrupted;
  }
  reportError(thrown, io, json);
  return exitCodes.failed;
}
