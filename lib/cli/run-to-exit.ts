import { longestTimerMs } from "../runtime/clock.ts";
import { type CliIo, type ExitCode, exitCodes, Interruption } from "./io.ts";
import { reportError } from "./report-error.ts";

/**
 * Runs the work of a command and returns the exit code of the process. Never throws: an error is written to stderr, as JSON
 * if `json()` then returns true.
 */
export async function runToExit(io: CliIo, json: () => boolean, work: () => Promise<ExitCode>): Promise<ExitCode> {
  // A timer keeps the process alive: waiting for events of other processes does not.
  const alive = setInterval(() => {}, longestTimerMs);
  try {
    return await work();
  } catch (thrown) {
    const reason: unknown = io.signal.reason;
    // An error caused by the interruption itself is not a failure.
    if (reason instanceof Interruption) return reason.why === "output-closed" ? exitCodes.ok : exitCodes.interrupted;
    reportError(thrown, io, json());
    return exitCodes.failed;
  } finally {
    clearInterval(alive);
  }
}
