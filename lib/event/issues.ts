import type * as z from "zod";
import { mustBe } from "../error/must-be.ts";
import { shortForm } from "../error/short-form.ts";
import { formatPath } from "./path.ts";

/** One problem that a schema found in a value. `${path} ${problem}` is a message. */
export interface DataIssue {
  /** `data.items[3].price` */
  readonly path: string;
  /** The short form of the value at the path. */
  readonly value: string;
  /** `must be a string, not 5` */
  readonly problem: string;
}

/** Describes each issue of a zod error by path, value and problem; `root` is the name of the whole value. */
export function describeIssues(error: z.core.$ZodError, value: unknown, root: string): readonly DataIssue[] {
  return error.issues.map((issue) => describeIssue(issue, value, root));
}

function describeIssue(issue: z.core.$ZodIssue, whole: unknown, root: string): DataIssue {
  const specific = mostSpecific(issue);
  const value = valueAt(whole, specific.path);
  return {
    path: formatPath(root, specific.path),
    value: value === undefined ? "missing" : shortForm(value),
    problem: problemOf(specific, value),
  };
}

/** Returns the issue with the longest path in a union: it belongs to the option that the caller most likely meant. */
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

function problemOf(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return mustBe(withArticle(issue.expected), value);
    case "too_small":
    case "too_big":
      return boundProblem(issue, value);
    case "invalid_value":
      return mustBe(issue.values.map((allowed) => shortForm(allowed)).join(" or "), value);
    case "unrecognized_keys":
      return unknownFields(issue.keys);
    case "invalid_union":
      return mustBe(unionTypes(issue) || "one of the forms that its definition allows", value);
    case "invalid_format":
      return mustBe(
        issue.format === "regex" ? `a string that matches ${issue.pattern}` : `a valid ${issue.format}`,
        value,
      );
    case "not_multiple_of":
      return mustBe(`a multiple of ${issue.divisor}`, value);
    default:
      return ownProblem(issue.message, value);
  }
}

/** A message of the schema's own reads best as `must …`. */
function ownProblem(message: string, value: unknown): string {
  if (message.startsWith("must be ")) return mustBe(message.slice("must be ".length), value);
  if (message.startsWith("must ")) return `${message}, but is ${shortForm(value)}`;
  return `is ${value === undefined ? "missing" : shortForm(value)}: ${message}`;
}

function boundProblem(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, value: unknown): string {
  const [relation, limit] =
    issue.code === "too_small"
      ? [issue.exact ? "exactly" : issue.inclusive ? "at least" : "more than", issue.minimum]
      : [issue.exact ? "exactly" : issue.inclusive ? "at most" : "less than", issue.maximum];
  const unit = issue.origin === "string" ? "character" : issue.origin === "array" ? "element" : undefined;
  if (unit === undefined) return mustBe(`${relation} ${limit}`, value);
  return `must have ${relation} ${limit} ${unit}${limit === 1 ? "" : "s"}, but is ${shortForm(value)}`;
}

function unknownFields(keys: readonly string[]): string {
  const names = keys.map((key) => JSON.stringify(key)).join(", ");
  return keys.length === 1 ? `has the unknown field ${names}; remove it` : `has unknown fields ${names}; remove them`;
}

/** Returns the types that a union of simple types accepts, or an empty string if one of them is not simple. */
function unionTypes(issue: z.core.$ZodIssueInvalidUnion): string {
  const types = issue.errors
    .flat()
    .map((error) => (error.code === "invalid_type" ? withArticle(error.expected) : undefined));
  return types.includes(undefined) ? "" : [...new Set(types)].join(" or ");
}

function withArticle(type: string): string {
  if (type === "null") return "null";
  const word = type === "int" ? "integer" : type === "record" ? "object" : type;
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
