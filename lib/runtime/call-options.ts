import type * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { readable } from "../error/readable.ts";
import { shortForm } from "../error/short-form.ts";
import { describeIssues } from "../event/issues.ts";
import { didYouMean } from "../event/nearest.ts";
import { definedIn, isRecord } from "./is-record.ts";

/**
 * Throws `invalid_config`, with the call, the option and the nearest known one, for an option that a call does not have: a
 * misspelt `dryRun` would replay, a misspelt `timeout` would wait.
 */
export function checkCallOptions(
  call: string,
  options: unknown,
  known: readonly string[],
): asserts options is Record<string, unknown> {
  const list = known.join(", ");
  if (!isRecord(options)) {
    throw new BusError(
      "invalid_config",
      `${call}: the options must be an object of ${list}, not ${shortForm(options)}`,
    );
  }
  const names = readable(`${call}: the options`, () => Object.keys(options));
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new BusError(
    "invalid_config",
    `${call}: unknown option ${shortName(unknown)}${didYouMean(unknown, known, `the options are ${list}`)}`,
  );
}

/** The options of a call, each read once. Throws `invalid_config` as above, and for a wrong value. */
export function parseCallOptions<Schema extends z.ZodObject>(
  call: string,
  schema: Schema,
  options: unknown,
): z.output<Schema> {
  checkCallOptions(call, options, Object.keys(schema.shape));
  return readable(`${call}: the options`, () => {
    const given = definedIn(options);
    const parsed = schema.safeParse(given);
    if (parsed.success) return parsed.data;
    const [first] = describeIssues(parsed.error, given, "");
    throw new BusError("invalid_config", `${call}: ${first?.path || "the options"} ${first?.problem}`);
  });
}

/** A name of the caller's may be of any length. */
function shortName(name: string): string {
  return name.length <= 60 ? name : shortForm(name);
}
