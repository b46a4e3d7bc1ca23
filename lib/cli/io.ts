import type { Readable } from "node:stream";
import type { Colors } from "picocolors/types.js";

/** What a command tells its caller; the same in every command. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Where a command reads from. */
export interface CliInput {
  /** Whether a person types here. */
  readonly isTTY: boolean;
  readonly stream: Readable;
}

/** Where a command writes to. */
export interface CliOutput {
  /** Whether a person reads here. */
  readonly isTTY: boolean;
  /** Characters a line holds; 80 where it is not known. */
  readonly columns: number;
  /** Each gives its text unchanged where colour is not wanted. */
  readonly colors: Colors;
  /** Writes as it is; a line needs its own newline. Silent once the reader has gone. */
  write(text: string): void;
  /** Resolves when what was written has left: await it between the pages of a long list. */
  drained(): Promise<void>;
}

/** All that a command sees of the process it runs in, so that a test can give it another. */
export interface CliIo {
  readonly stdin: CliInput;
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. Relative paths of the user start here. */
  readonly cwd: string;
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Aborted at the first SIGINT or SIGTERM, or when the reader of stdout has gone: stop, close the bus, return. A second
   * SIGINT ends the process at once. Its reason is an {@link Interruption}.
   */
  readonly signal: AbortSignal;
  /** What the process will exit with when the command has returned. A command that failed in part sets it. */
  exitCode: ExitCode;
}

/** Why a command has to stop before its end. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** `output-closed` is no failure: whoever read has seen enough. */
  readonly why: "SIGINT" | "SIGTERM" | "output-closed";

  constructor(why: Interruption["why"]) {
    super(`interrupted: ${why}`);
    this.why = why;
  }
}
