import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { didYouMean } from "../event/nearest.ts";

/**
 * Refuses an option that a call does not have: a misspelt `dryRun` would replay, a misspelt `timeout` would wait.
 * `invalid_config` names the call, the option and the nearest one.
 */
export function checkCallOptions(call: string, options: unknown, known: readonly string[]): void {
  const list = known.join(", ");
  if (typeof options !== "object" || options === null) {
    throw new BusError("invalid_config", `${call}: the options are ${shortForm(options)}; give an object of ${list}`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new BusError(
    "invalid_config",
    `${call}: there is no option ${unknown}${didYouMean(unknown, known, `known are ${list}`)}`,
  );
}
