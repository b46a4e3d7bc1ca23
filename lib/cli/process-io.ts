import { isatty } from "node:tty";
import pc from "picocolors";
import { type CliInput, type CliIo, type CliOutput, exitCodes, Interruption } from "./io.ts";

/** What signals a whole group, and npm which passes on what the group got, ask twice at once: that is one request. */
const oneSignalMs = 250;

/** The process itself, its signals included. Call it once. */
export function processIo(): CliIo {
  const stop = new AbortController();
  let askedAt = Number.NEGATIVE_INFINITY;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      const now = performance.now();
      // Whoever asks twice does not want to wait for handlers.
      if (stop.signal.aborted && now - askedAt > oneSignalMs) process.exit(exitCodes.interrupted);
      askedAt = now;
      stop.abort(new Interruption(signal));
    });
  }
  return {
    stdin: processInput(),
    stdout: processOutput(process.stdout, () => stop.abort(new Interruption("output-closed"))),
    stderr: processOutput(process.stderr, () => {}),
    env: process.env,
    cwd: process.cwd(),
    now: Date.now,
    signal: stop.signal,
    exitCode: exitCodes.ok,
  };
}

function processInput(): CliInput {
  return {
    isTTY: isatty(0),
    // Opened when it is read: an open stdin keeps the process alive.
    get stream() {
      return process.stdin;
    },
  };
}

function processOutput(stream: NodeJS.WriteStream, onClosed: () => void): CliOutput {
  let closed = false;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
    closed = true;
    onClosed();
  });
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80;
    },
    colors: pc.createColors(wantsColor(process.env, stream.isTTY === true)),
    write: (text) => {
      if (!closed) stream.write(text);
    },
    // `drain` comes only after a write above the high-water mark; the callback of a write comes after all before it.
    drained: () => new Promise((resolve) => (closed ? resolve() : stream.write("", () => resolve()))),
  };
}

/** `NO_COLOR` (https://no-color.org) wins over `FORCE_COLOR`, that over the terminal. */
export function wantsColor(env: Readonly<Record<string, string | undefined>>, isTTY: boolean): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "") return env.FORCE_COLOR !== "0";
  return isTTY && env.TERM !== "dumb";
}
