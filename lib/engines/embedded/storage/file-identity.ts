import { statSync } from "node:fs";
import { BusError } from "../../../error/bus-error.ts";

/** Which file was opened, so that its deletion is noticed: SQLite goes on with a file that has no name any more. */
export class FileIdentity {
  readonly #file: string;
  readonly #opened: string | undefined;

  /** Of a file that is open. */
  constructor(file: string) {
    this.#file = file;
    this.#opened = identityOf(file);
  }

  /** The error to give where the path names another file by now, or none; undefined while all is well. 2 µs. */
  lost(): BusError | undefined {
    const found = identityOf(this.#file);
    if (found === this.#opened) return undefined;
    const what = found === undefined ? "deleted" : "replaced by another one";
    return new BusError(
      "unavailable",
      `${this.#file}: the file was ${what} while it is open; what is written now would be lost; close this bus and connect again`,
      { retryable: false, details: { file: this.#file } },
    );
  }
}

function identityOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}
