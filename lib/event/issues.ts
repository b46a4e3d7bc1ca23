import type * as z from "zod";
import { shortForm } from "../error/short-form.ts";
import { formatPath } from "./path.ts";

/** One thing that a schema found wrong with a value. */
export interface DataIssue {
  /** `data.items[3].price` */
  readonly path: string;
  /** What stands there, in short. */
  readonly value: string;
  /** The fix: `give a string`. */
  readonly fix: string;
}

/** Says of what a schema refused where it is, what stands there and the fix; `root` is what the whole value is called. */
export function describeIssues(error: z.core.$ZodError, value: unknown, root: string): readonly DataIssue[] {
  return error.issues.map((issue) => describeIssue(issue, value, root));
}

function describeIssue(issue: z.core.$ZodIssue, whole: unknown, root: string): DataIssue {
  const deepest = mostSpecific(issue);
  const value = valueAt(whole, deepest.path);
  return {
    path: formatPath(root, deepest.path),
    value: value === undefined ? "missing" : shortForm(value),
    fix: fixFor(deepest),
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

function valueAt(whole: unknown, path: readonly PropertyKey[]): unknown {
  let value = whole;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
