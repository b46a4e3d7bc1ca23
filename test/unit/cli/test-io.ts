import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import pc from "picocolors";
import { onTestFinished } from "vitest";
import type { Bus } from "../../../lib/bus/bus.ts";
import { type CliIo, type CliOutput, type ExitCode, Interruption } from "../../../lib/cli/io.ts";
import type { AnyEvents } from "../../../lib/cli/open-bus.ts";
import { run } from "../../../lib/cli/run.ts";
import { openBus } from "../../../lib/connect/index.ts";

export interface Ran {
  code: ExitCode;
  out: string;
  err: string;
  /** The lines of `out`, parsed. */
  readonly json: Record<string, unknown>[];
}

export interface RunOptions {
  /** The contents of stdin; default: empty. */
  stdin?: string | Readable;
  /** Whether stdin, stdout and stderr are a terminal. */
  tty?: boolean;
  columns?: number;
  now?: () => number;
}

/** Creates a temporary folder for one test, in which command lines run. */
export function workspace() {
  const cwd = mkdtempSync(join(tmpdir(), "waggle-cli-"));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const file = join(cwd, ".waggle/bus.db");
  return {
    cwd,
    file,
    waggle: (argv: readonly string[], options: RunOptions = {}) => start(cwd, argv, options).ended,
    start: (argv: readonly string[], options: RunOptions = {}) => start(cwd, argv, options),
    /** Opens the bus of the command lines while `use` runs. */
    bus: async <T>(use: (bus: Bus<AnyEvents>) => Promise<T>): Promise<T> => {
      const bus = await openBus<AnyEvents>({ engine: "embedded", file, source: "test", logLevel: "silent" });
      try {
        return await use(bus);
      } finally {
        await bus.close();
      }
    },
  };
}

/** Creates an io that captures its output. */
export function testIo(cwd: string, options: RunOptions) {
  const stop = new AbortController();
  const stdout = new Captured(options);
  const stderr = new Captured(options);
  const stdin = options.stdin ?? "";
  const io: CliIo = {
    stdin: {
      isTTY: options.tty === true,
      stream: typeof stdin === "string" ? Readable.from(stdin === "" ? [] : [stdin]) : stdin,
    },
    stdout,
    stderr,
    env: {},
    cwd,
    now: options.now ?? Date.now,
    signal: stop.signal,
    exitCode: 0,
  };
  return {
    io,
    stdout,
    stderr,
    interrupt: (why: Interruption["why"] = "SIGINT") => stop.abort(new Interruption(why)),
  };
}

function start(cwd: string, argv: readonly string[], options: RunOptions) {
  const { io, stdout, stderr, interrupt } = testIo(cwd, options);
  const ended = run(argv, io).then((code): Ran => new Result(code, stdout.text, stderr.text));
  return { ended, stdout, stderr, interrupt };
}

class Result implements Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;

  constructor(code: ExitCode, out: string, err: string) {
    this.code = code;
    this.out = out;
    this.err = err;
  }

  get json(): Record<string, unknown>[] {
    const lines = this.out.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line));
  }
}

/** The captured output of a command. */
class Captured implements CliOutput {
  text = "";
  readonly isTTY: boolean;
  readonly columns: number;
  readonly colors = pc.createColors(false);
  readonly #written = new PassThrough({ encoding: "utf8" });

  constructor({ tty, columns }: RunOptions) {
    this.isTTY = tty === true;
    this.columns = columns ?? 80;
  }

  readonly write = (text: string): void => {
    this.text += text;
    this.#written.emit("written");
  };

  readonly drained = async (): Promise<void> => {};

  /** Resolves when the output contains the text. */
  async contains(part: string): Promise<void> {
    while (!this.text.includes(part)) {
      await new Promise<void>((resolve) => {
        this.#written.once("written", () => resolve());
      });
    }
  }
}
