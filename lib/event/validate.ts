import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { shortForm } from "../error/short-form.ts";
import { describeIssues } from "./issues.ts";

/** The type and source of the event that an error is about. */
export interface EventName {
  readonly type: string;
  readonly source: string;
}

/** Validates data with a schema and never changes it. Throws `invalid_event` with every issue in `details.issues`. */
export function checkData(schema: z.core.$ZodType, data: unknown, event: EventName): void {
  const result = run(schema, data, event);
  if (result.success) return;
  const issues = describeIssues(result.error, data, "data");
  const [first, ...rest] = issues;
  const more = rest.length === 0 ? "" : ` (and ${rest.length} more: ${rest.map((issue) => issue.path).join(", ")})`;
  throw new BusError("invalid_event", `${event.type} from ${event.source}: ${first?.path} ${first?.problem}${more}`, {
    details: { type: event.type, source: event.source, issues },
  });
}

function run(schema: z.core.$ZodType, data: unknown, event: EventName): z.ZodSafeParseResult<unknown> {
  try {
    return z.safeParse(schema, data);
  } catch (cause) {
    throw new BusError(
      "invalid_event",
      `${event.type} from ${event.source}: its schema failed with ${shortForm(cause)}; refinements must be synchronous, must not throw and must cope with deeply nested data`,
      { cause, details: { type: event.type, source: event.source } },
    );
  }
}

/** Returns the error for a field of a draft that must be what `expected` says. */
export function invalidField(event: EventName, path: string, value: unknown, expected: string): BusError {
  return fieldError(event, path, mustBe(expected, value));
}

/** Returns the error for a field of a draft: it names the event and the path, and `problem` says what is wrong. */
export function fieldError(event: EventName, path: string, problem: string): BusError {
  return new BusError("invalid_event", `${event.type} from ${event.source}: ${path} ${problem}`, { details: { path } });
}
