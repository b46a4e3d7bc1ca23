import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url)).replace(/[/\\]$/, "");

/** What kept the set-up from being done, with what to do about it. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {number} [exitCode]
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Goes to stderr, so that a command's own output stays clean for pipes.
 * @param {string} line
 */
export function say(line) {
  process.stderr.write(`waggle: ${line}\n`);
}

/**
 * The caller's environment, with this Node and the project's tools first on the PATH.
 * @param {string} node
 * @returns {NodeJS.ProcessEnv}
 */
export function environment(node) {
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  const path = [dirname(node), join(root, "node_modules", ".bin"), process.env[key] ?? ""].join(delimiter);
  return { ...process.env, [key]: path };
}

/**
 * How a child ended: with a code, or by a signal; and whether this process was told to stop meanwhile.
 * @typedef {{ code: number, signal?: NodeJS.Signals, interrupted: boolean }} Exit
 */

const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** npm forwards a signal that the terminal or `timeout` has sent to the whole group already: take both as one. */
const oneSignalMs = 250;

/**
 * Runs a program in the project's folder on this terminal and waits for its end. A signal that this process gets is
 * passed on once.
 * @param {string} file
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, output?: "inherit" | "stderr" | "ignore", shell?: boolean }} [options]
 * @returns {Promise<Exit>}
 */
export function run(file, args, { env = process.env, output = "inherit", shell = false } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = /** @type {import("node:child_process").StdioOptions} */ (
      output === "stderr" ? ["ignore", process.stderr, process.stderr] : output
    );
    const child = spawn(file, args, { cwd: root, env, shell, stdio });
    let last = Number.NEGATIVE_INFINITY;
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      const now = performance.now();
      const repeated = now - last < oneSignalMs;
      last = now;
      if (!repeated && !(signal === "SIGINT" && inForeground())) child.kill(signal);
    };
    for (const signal of signals) process.on(signal, forward);
    // A child that is ending already would take it as a second request, which ends it at once.
    const watch = onOrphaned(() => Number.isFinite(last) || child.kill("SIGTERM"));
    const done = () => {
      clearInterval(watch);
      for (const signal of signals) process.off(signal, forward);
    };
    child.on("error", (error) => {
      done();
      reject(new SetupError(`could not start ${file}: ${error.message}`));
    });
    child.on("exit", (code, signal) => {
      done();
      const interrupted = Number.isFinite(last);
      resolve(signal === null ? { code: code ?? 1, interrupted } : { code: 1, signal, interrupted });
    });
  });
}

/**
 * Whether this process is in the terminal's foreground group. Then Ctrl-C reaches the child directly, and a second
 * SIGINT from here would be taken as a second press, which ends the command at once.
 */
function inForeground() {
  try {
    const stat = readFileSync("/proc/self/stat", "latin1");
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return process.stdin.isTTY === true;
  }
}

/**
 * Under npm, a new parent means that npm has been killed and could pass nothing on. Elsewhere it may be `nohup` at work.
 * @param {() => unknown} end
 */
function onOrphaned(end) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    end();
  }, oneSignalMs);
  return watch;
}
