import { isatty } from "node:tty";
import pc from "picocolors";
import { type CliInput, type CliIo, type CliOutput, exitCodes, Interruption } from "./io.ts";

/** A terminal signals the whole process group and npm forwards the signal: two within this time are one request. */
const sameSignalMs = 250;

/** Creates the io of this process and handles its signals. Call it once. */
export function processIo(): CliIo {
  const stop = new AbortController();
  let signalledAt = Number.NEGATIVE_INFINITY;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      const now = performance.now();
      // A second request means not to wait for handlers.
      if (stop.signal.aborted && now - signalledAt > sameSignalMs) process.exit(exitCodes.interrupted);
      signalledAt = now;
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
    // stdin is opened only when it is read, since an open stdin keeps the process alive.
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
    get rows() {
      return stream.isTTY === true ? stream.rows : undefined;
    },
    colors: pc.createColors(wantsColor(process.env, stream.isTTY === true)),
    write: (text) => {
      if (!closed) stream.write(text);
    },
    // `drain` is emitted only after a write above the high-water mark; the callback of a write follows all earlier writes.
    drained: () => new Promise((resolve) => (closed ? resolve() : stream.write("", () => resolve()))),
  };
}

/** Whether to use colours: `NO_COLOR` (https://no-color.org) takes precedence over `FORCE_COLOR`, and that over the terminal. */
export function wantsColor(env: Readonly<Record<string, string | undefined>>, isTTY: boolean): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "") return env.FORCE_COLOR !== "0";
  return isTTY && env.TERM !== "dumb";
}
