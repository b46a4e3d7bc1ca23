import { BusError } from "../../../error/bus-error.ts";
import { messageOf } from "../../../error/message-of.ts";

/** Primary result codes of SQLite that are told apart here; https://sqlite.org/rescode.html */
const code = {
  error: 1,
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

/** The primary result code of what `node:sqlite` threw; undefined for anything else. */
function resultCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !("errcode" in thrown) || typeof thrown.errcode !== "number") return undefined;
  return thrown.errcode & 0xff;
}

/** Whether another connection holds the lock: the same call may succeed soon. */
export function isBusy(thrown: unknown): boolean {
  const found = resultCode(thrown);
  return found === code.busy || found === code.locked;
}

function isSystemError(thrown: unknown): boolean {
  return thrown instanceof Error && "syscall" in thrown;
}

/** The write lock was not free in time. */
export function lockedError(file: string): BusError {
  return storeError(file, Object.assign(new Error("database is locked"), { errcode: code.busy }));
}

/** What a failure of the file means to the caller, with the fix; a BusError passes unchanged. */
export function storeError(file: string, thrown: unknown): BusError {
  if (thrown instanceof BusError) return thrown;
  const fail = (message: string, retryable = true) =>
    new BusError("unavailable", `${file}: ${message} (${messageOf(thrown)})`, {
      cause: thrown,
      retryable,
      details: { file },
    });
  switch (resultCode(thrown)) {
    case code.busy:
    case code.locked:
      return fail(
        "another process holds the file's write lock; let it end its transaction, or give this bus its own file",
      );
    case code.readOnly:
      return fail("the file or its folder is read-only; give this user permission to write both");
    case code.ioError:
      return fail("the disk could not be read or written; check the disk and its file system");
    case code.full:
      return fail("the disk is full; free space and publish again: nothing that was accepted is lost");
    case code.cannotOpen:
      return fail("the file cannot be opened; check that its folder exists and that this user may write it");
    case code.corrupt:
      return fail("the file is corrupt and was left as it is; restore a copy, or move it away to start anew", false);
    case code.notADatabase:
      return fail("this is not a SQLite file and was left as it is; give another `file`, or move it away", false);
    case code.error:
      // The statements are ours: where one does not fit, the tables are not those that this version made.
      return /no such (table|column)/.test(messageOf(thrown))
        ? fail(
            "the file lacks what a bus needs; another program has changed it; restore a copy, or move it away to start anew",
            false,
          )
        : fail("the store failed");
    default:
      return isSystemError(thrown)
        ? fail("the folder cannot be created or read; check its path and that this user may write it")
        : fail("the store failed");
  }
}
