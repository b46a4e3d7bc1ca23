import { CommanderError } from "commander";
import { longestTimerMs } from "../runtime/clock.ts";
import { type CliIo, type ExitCode, exitCodes, Interruption } from "./io.ts";
import { commandProgram, outlineProgram } from "./program.ts";
import type { Registration } from "./registry.ts";
import { reportError } from "./report-error.ts";

/** Runs one command line, without `node` and the script; gives what the process should exit with. Never throws. */
export async function run(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  let json = false;
  // Waiting for other processes' events keeps no process alive by itself.
  const alive = setInterval(() => {}, longestTimerMs);
  try {
    if (argv.length === 0) return await run(["--help"], io);
    let called: Registration | undefined;
    let meant = argv;
    const outline = outlineProgram(io, argv, (registration, same) => {
      called = registration;
      meant = same;
    });
    await outline.parseAsync(argv, { from: "user" });
    if (called === undefined) return await run(meant, io);
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
  // What failed because it was told to stop has not failed.
  if (reason instanceof Interruption) {
    return reason.why === "output-closed" ? exitCodes.ok : exitCodes.interrupted;
  }
  reportError(thrown, io, json);
  return exitCodes.failed;
}
