import type { Readable } from "node:stream";
import type { Colors } from "picocolors/types.js";

/** The exit codes of every command. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The input of a command. */
export interface CliInput {
  /** Whether the input is a terminal. */
  readonly isTTY: boolean;
  readonly stream: Readable;
}

/** An output of a command. */
export interface CliOutput {
  /** Whether the output is a terminal. */
  readonly isTTY: boolean;
  /** The width in characters; 80 if it is not known. */
  readonly columns: number;
  /** The height in lines; absent if it is not known. */
  readonly rows?: number | undefined;
  /** Functions that colour a string, or return it unchanged if colours are disabled. */
  readonly colors: Colors;
  /** Writes a string as it is, without adding a newline. Does nothing once the output is closed. */
  write(text: string): void;
  /** Resolves when everything written has been flushed. Await it between the pages of a long list. */
  drained(): Promise<void>;
}

/** The process as a command sees it, so that a test can replace it. */
export interface CliIo {
  readonly stdin: CliInput;
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The absolute path of the current folder, to which relative paths of the user refer. */
  readonly cwd: string;
  /** Returns the time in milliseconds since 1970. */
  now(): number;
  /**
   * Aborted at the first SIGINT or SIGTERM, or when stdout is closed: stop, close the bus, return. A second signal ends the
   * process at once. The reason is an {@link Interruption}.
   */
  readonly signal: AbortSignal;
  /** The exit code of the process once the command has returned. A command that failed in part sets it. */
  exitCode: ExitCode;
}

/** The reason why a command must stop early. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** `output-closed` is not a failure: the reader has seen enough. */
  readonly why: "SIGINT" | "SIGTERM" | "output-closed";

  constructor(why: Interruption["why"]) {
    super(`interrupted: ${why}`);
    this.why = why;
  }
}
