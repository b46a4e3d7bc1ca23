import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { didYouMean } from "../event/nearest.ts";
import { isPlainObject } from "./plain-object.ts";

/**
 * Throws `invalid_config`, with the call, the option and the nearest known one, for an option that a call does not have: a
 * misspelt `dryRun` would replay, a misspelt `timeout` would wait.
 */
export function checkCallOptions(call: string, options: unknown, known: readonly string[]): void {
  const list = known.join(", ");
  if (!isPlainObject(options)) {
    throw new BusError(
      "invalid_config",
      `${call}: the options must be an object of ${list}, not ${shortForm(options)}`,
    );
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new BusError(
    "invalid_config",
    `${call}: unknown option ${unknown}${didYouMean(unknown, known, `the options are ${list}`)}`,
  );
}
