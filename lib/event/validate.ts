import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { describeIssues } from "./issues.ts";

/** The event that an error is about, as far as it is known yet. */
export interface EventName {
  readonly type: string;
  readonly source: string;
}

/** Checks data by a schema and never changes it. `invalid_event` with every issue in `details.issues`. */
export function checkData(schema: z.core.$ZodType, data: unknown, event: EventName): void {
  const result = run(schema, data, event);
  if (result.success) return;
  const issues = describeIssues(result.error, data, "data");
  const [first, ...rest] = issues;
  const more = rest.length === 0 ? "" : ` (and ${rest.length} more: ${rest.map((issue) => issue.path).join(", ")})`;
  throw new BusError(
    "invalid_event",
    `${event.type} from ${event.source}: ${first?.path} is ${first?.value}; ${first?.fix}${more}`,
    { details: { type: event.type, source: event.source, issues } },
  );
}

function run(schema: z.core.$ZodType, data: unknown, event: EventName): z.ZodSafeParseResult<unknown> {
  try {
    return z.safeParse(schema, data);
  } catch (cause) {
    throw new BusError(
      "invalid_event",
      `${event.type} from ${event.source}: its schema failed with ${shortForm(cause)}; refinements must be synchronous, must not throw and must bear the depth of the data`,
      { cause, details: { type: event.type, source: event.source } },
    );
  }
}

/** The error for a field of a draft: names the event, the path, the value and the fix. */
export function invalidField(event: EventName, path: string, value: unknown, fix: string): BusError {
  const form = value === undefined ? "missing" : shortForm(value);
  return new BusError("invalid_event", `${event.type} from ${event.source}: ${path} is ${form}; ${fix}`, {
    details: { path },
  });
}
