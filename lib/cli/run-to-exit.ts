import { longestTimerMs } from "../runtime/clock.ts";
import { type CliIo, type ExitCode, exitCodes, Interruption } from "./io.ts";
import { reportError } from "./report-error.ts";

/**
 * Does the work of a command and gives what the process should exit with. Never throws: what went wrong is said on stderr,
 * for programs as JSON where `json` says so by then.
 */
export async function runToExit(io: CliIo, json: () => boolean, work: () => Promise<ExitCode>): Promise<ExitCode> {
  // Waiting for other processes' events keeps no process alive by itself.
  const alive = setInterval(() => {}, longestTimerMs);
  try {
    return await work();
  } catch (thrown) {
    const reason: unknown = io.signal.reason;
    // What failed because it was told to stop has not failed.
    if (reason instanceof Interruption) return reason.why === "output-closed" ? exitCodes.ok : exitCodes.interrupted;
    reportError(thrown, io, json());
    return exitCodes.failed;
  } finally {
    clearInterval(alive);
  }
}
