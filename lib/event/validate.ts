import type * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { formatPath } from "./path.ts";
import { shortForm } from "./short-form.ts";

/** One thing that a schema found wrong. */
export interface DataIssue {
  /** `data.items[3].price` */
  readonly path: string;
  /** What stands there, in short. */
  readonly value: string;
  /** What zod says of it. */
  readonly message: string;
}

/** The event that an error is about, as far as it is known yet. */
export interface EventName {
  readonly type: string;
  readonly source: string;
}

/** Checks data by a schema and never changes it. `invalid_event` with every issue in `details.issues`. */
export function checkData(schema: z.ZodType, data: unknown, event: EventName): void {
  const result = run(schema, data, event);
  if (result.success) return;
  const issues = result.error.issues.map((issue) => describeIssue(issue, data));
  const [first, ...rest] = issues;
  const more = rest.length === 0 ? "" : ` (and ${rest.length} more: ${rest.map((issue) => issue.path).join(", ")})`;
  throw new BusError(
    "invalid_event",
    `${event.type} from ${event.source}: ${first?.path} is ${first?.value}; ${first?.message}${more}`,
    { details: { type: event.type, source: event.source, issues } },
  );
}

function run(schema: z.ZodType, data: unknown, event: EventName): z.ZodSafeParseResult<unknown> {
  try {
    return schema.safeParse(data);
  } catch (cause) {
    throw new BusError(
      "invalid_event",
      `${event.type} from ${event.source}: its schema failed with ${shortForm(cause)}; refinements must be synchronous, must not throw and must bear the depth of the data`,
      { cause, details: { type: event.type, source: event.source } },
    );
  }
}

function describeIssue(issue: z.core.$ZodIssue, data: unknown): DataIssue {
  const deepest = mostSpecific(issue);
  const value = valueAt(data, deepest.path);
  return {
    path: formatPath("data", deepest.path),
    value: value === undefined ? "missing" : shortForm(value),
    message: fixFor(deepest),
  };
}

/** Of a union's failures the one that got furthest is what the publisher meant. */
function mostSpecific(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  let best: z.core.$ZodIssue = issue;
  for (const option of issue.errors) {
    const only = option.length === 1 ? option[0] : undefined;
    if (only === undefined) continue;
    const inside = mostSpecific({ ...only, path: [...issue.path, ...only.path] });
    if (inside.path.length > best.path.length) best = inside;
  }
  return best;
}

function fixFor(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `give ${article(issue.expected)}`;
    case "too_small":
    case "too_big":
      return `give ${boundOf(issue)}`;
    case "invalid_value":
      return `give ${issue.values.map((value) => shortForm(value)).join(" or ")}`;
    case "unrecognized_keys":
      return `leave out ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    case "invalid_union":
      return `give ${unionFix(issue) || "one of the forms that its definition allows"}`;
    case "invalid_format":
      return issue.format === "regex" ? `give a text that matches ${issue.pattern}` : `give a valid ${issue.format}`;
    case "not_multiple_of":
      return `give a multiple of ${issue.divisor}`;
    default:
      return `${issue.message}; give what its definition asks for`;
  }
}

function boundOf(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [relation, limit] =
    issue.code === "too_small"
      ? [issue.exact ? "exactly" : issue.inclusive ? "at least" : "more than", issue.minimum]
      : [issue.exact ? "exactly" : issue.inclusive ? "at most" : "less than", issue.maximum];
  const unit = issue.origin === "string" ? " characters" : issue.origin === "array" ? " elements" : "";
  return `${relation} ${limit}${unit}`;
}

/** The kinds that a union of simple types takes; empty where they are not simple. */
function unionFix(issue: z.core.$ZodIssueInvalidUnion): string {
  const kinds = issue.errors
    .flat()
    .map((error) => (error.code === "invalid_type" ? article(error.expected) : undefined));
  return kinds.includes(undefined) ? "" : [...new Set(kinds)].join(" or ");
}

function article(kind: string): string {
  if (kind === "null") return "null";
  const word = kind === "int" ? "integer" : kind === "record" ? "object" : kind;
  return /^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
