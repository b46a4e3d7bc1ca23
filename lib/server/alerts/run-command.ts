import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Runs a program with a text on stdin, without a shell. Resolves when it has ended with 0, and rejects where it has not, or cannot
 * be started. As the signal fires, the program and what it has started are killed.
 */
export async function runCommand(command: readonly string[], input: string, signal: AbortSignal): Promise<void> {
  const [program = "", ...args] = command;
  signal.throwIfAborted();
  const child = spawn(program, args, { stdio: ["pipe", "ignore", "ignore"], detached: process.platform !== "win32" });
  const kill = () => {
    try {
      // A group of its own: a shell's children would go on.
      if (child.pid !== undefined && process.platform !== "win32") process.kill(-child.pid, "SIGKILL");
      else child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  signal.addEventListener("abort", kill, { once: true });
  // A program that reads nothing may end before all was written.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  try {
    const [code, killedBy] = await once(child, "close");
    if (code !== 0) throw new Error(`${program} ended with ${code ?? killedBy}`);
  } finally {
    signal.removeEventListener("abort", kill);
  }
}
