import { BusError } from "../../../error/bus-error.ts";
import { messageOf } from "../../../error/message-of.ts";

/** The SQLSTATE of an error of the server, or the code of one of the connection. */
export function errorCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}

/** Two transactions stood in each other's way: the same one succeeds when it is run again. */
export function isConflict(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return code === "40001" || code === "40P01";
}

const connectionCodes = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET)/;
/** Connection exceptions, insufficient resources, operator intervention (the server stops or starts). */
const transientStates = /^(08|53|57P)/;

/** Whether the server cannot be reached, or not now: nobody's statement is to blame. */
export function isUnreachable(thrown: unknown): boolean {
  const code = errorCode(thrown);
  if (code !== undefined) return connectionCodes.test(code) || transientStates.test(code);
  // pg has no codes for these.
  return /Connection terminated|not queryable|timeout exceeded when trying to connect/.test(messageOf(thrown));
}

/** What a statement failed with, as the bus says it. */
export function storeError(thrown: unknown): BusError {
  if (thrown instanceof BusError) return thrown;
  const message = messageOf(thrown);
  if (isUnreachable(thrown)) {
    return new BusError("unavailable", `PostgreSQL cannot be reached: ${message}; the call can be made again`, {
      cause: thrown,
    });
  }
  const code = errorCode(thrown);
  return new BusError(
    "unavailable",
    `PostgreSQL refused a statement: ${message}${code === undefined ? "" : ` (${code})`}`,
    {
      cause: thrown,
      retryable: isConflict(thrown) || code === "55P03" || code === "57014",
      details: code === undefined ? {} : { sqlState: code },
    },
  );
}
