import { statSync } from "node:fs";
import { BusError } from "../../../error/bus-error.ts";

/** Which file was opened, so that its deletion is noticed: SQLite goes on with a file that has no name any more. */
export class FileIdentity {
  readonly #file: string;
  readonly #opened: string | undefined;
  #error: BusError | undefined;
  #told = false;

  /** Of a file that is open. */
  constructor(file: string) {
    this.#file = file;
    this.#opened = identityOf(file);
  }

  /** The error to give once the path names another file, or none; undefined while all is well. Costs 2 µs. */
  lost(): BusError | undefined {
    if (this.#error !== undefined) return this.#error;
    const found = identityOf(this.#file);
    if (found === this.#opened) return undefined;
    const what = found === undefined ? "deleted" : "replaced by another one";
    this.#error = new BusError(
      "unavailable",
      `${this.#file}: the file was ${what} while it is open; what is written now would be lost; close this bus and connect again`,
      { retryable: false, details: { file: this.#file } },
    );
    return this.#error;
  }

  /** Whether an error of the background is this one and was told before: whatever runs there meets it. */
  isKnown(error: BusError): boolean {
    if (error !== this.#error) return false;
    const known = this.#told;
    this.#told = true;
    return known;
  }
}

function identityOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}
