import { BusError, type BusErrorCode } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import { findLosses, type JsonLoss } from "./exact-json.ts";
import { formatPath } from "./path.ts";

/**
 * Parses JSON. Throws `code` with the position, or with the path of a number or a key that would be changed in silence. `what` names
 * the text in the message.
 */
export function parseJson(text: string, what: string, code: BusErrorCode): unknown {
  const { value, losses } = parseLossyJson(text, what, code);
  const [loss] = losses;
  if (loss === undefined) return value;
  throw lossError(loss, what, code);
}

/** The same, with what would be changed in silence, for who decides on each part of it. */
export function parseLossyJson(
  text: string,
  what: string,
  code: BusErrorCode,
): { readonly value: unknown; readonly losses: readonly JsonLoss[] } {
  try {
    return { value: JSON.parse(text), losses: findLosses(text) };
  } catch (cause) {
    throw new BusError(code, `${what} is not JSON: ${messageOf(cause)}`, { cause });
  }
}

/** The error for what JSON would lose. */
export function lossError({ path, problem }: JsonLoss, what: string, code: BusErrorCode): BusError {
  return new BusError(code, `${what}: ${problem}`, { details: { path: formatPath("", path) } });
}
