import { BusError, type BusErrorCode } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";

/** Parses JSON. Throws `code` with the position. `what` names the text in the message. */
export function parseJson(text: string, what: string, code: BusErrorCode): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BusError(code, `${what} is not JSON: ${messageOf(cause)}`, { cause });
  }
}
