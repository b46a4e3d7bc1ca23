import { shortForm } from "../error/short-form.ts";
import type { Alternative, Condition } from "./condition.ts";
import { below, invalid, invalidValue, readPlain } from "./invalid.ts";
import { isObject } from "./json-object.ts";
import { parseValues } from "./parse-values.ts";

/** The maximum depth of fields, the same as for events. */
const depthLimit = 1_000;

/** The maximum number of alternatives that `$or`s expand to, and of fields in one alternative. */
const alternativeLimit = 1_000;
const fieldLimit = 256;

const patternForm = 'an object of fields such as { "source": ["crew"] }';

/** Names that AWS reserves for operators: a field inside `$or` cannot have them. */
const reserved: ReadonlySet<string> = new Set([
  ...["exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr"],
  ...["=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case"],
  ...["date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"],
  ...["ip-address-in-range", "ip-address-not-in-range"],
]);

/** One alternative during parsing. A path that is repeated replaces the earlier one, as in AWS's engine. */
type Draft = Map<string, Condition>;

interface Level {
  readonly path: readonly string[];
  readonly depth: number;
  readonly position: string;
  readonly insideOr: boolean;
}

/**
 * Parses a pattern to alternatives: each `$or` multiplies the alternatives so far by its branches. Throws `invalid_pattern`
 * with the position in the pattern.
 */
export function parsePattern(pattern: unknown, position = "pattern"): Alternative[] {
  return readPlain(position, () => {
    if (!isObject(pattern)) invalidValue(position, patternForm, pattern);
    const drafts: Draft[] = [];
    parseFields(drafts, pattern, { path: [], depth: 1, position, insideOr: false });
    return drafts.map(inOrder);
  });
}

function parseFields(drafts: Draft[], fields: Readonly<Record<string, unknown>>, level: Level): void {
  const names = Object.keys(fields);
  if (names.length === 0) invalid(level.position, "must have at least one field, but is {}");
  if (level.depth > depthLimit) {
    invalid(shortPosition(level.position), `must not be nested more than ${depthLimit} levels deep`);
  }
  for (const name of names) {
    const position = below(level.position, name);
    const value = fields[name];
    if (name === "$or") {
      parseOr(drafts, value, { ...level, position });
    } else if (level.insideOr && reserved.has(name)) {
      invalid(
        position,
        `"${name}" is the name of an operator, which a field inside "$or" cannot have; test the field outside "$or"`,
      );
    } else if (Array.isArray(value)) {
      addCondition(drafts, parseCondition(value, name, { ...level, position }), position);
    } else if (isObject(value)) {
      parseFields(drafts, value, { ...level, path: [...level.path, name], depth: level.depth + 1, position });
    } else {
      invalidValue(position, `a list of values such as ${listWith(value)}`, value);
    }
  }
}

/** A value that was meant as a list of one, or else an example of a list. */
function listWith(value: unknown): string {
  const isValue =
    value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isValue ? `[${shortForm(value)}]` : '["document"]';
}

function parseOr(drafts: Draft[], branches: unknown, level: Level): void {
  if (!Array.isArray(branches) || branches.length < 2) {
    invalidValue(level.position, "a list of two or more patterns", branches);
  }
  const before = drafts.splice(0);
  branches.forEach((branch: unknown, index) => {
    const position = below(level.position, index);
    if (!isObject(branch)) invalidValue(position, patternForm, branch);
    const copies = before.length === 0 ? [new Map()] : before.map((draft) => new Map(draft));
    parseFields(copies, branch, { ...level, depth: level.depth + 1, position, insideOr: true });
    drafts.push(...copies);
    if (drafts.length > alternativeLimit) {
      invalid(
        level.position,
        `the "$or"s expand to more than ${alternativeLimit} alternatives; split the pattern into several`,
      );
    }
  });
}

function addCondition(drafts: Draft[], condition: Condition, position: string): void {
  if (drafts.length === 0) drafts.push(new Map());
  for (const draft of drafts) {
    draft.set(condition.path, condition);
    if (draft.size > fieldLimit) invalid(position, `the pattern has more than ${fieldLimit} fields; test fewer fields`);
  }
}

function parseCondition(values: readonly unknown[], name: string, level: Level): Condition {
  const parent = level.path.join(".");
  return { path: parent === "" ? name : `${parent}.${name}`, ...parseValues(values, level.position) };
}

/** Truncates a position that is a thousand levels deep to a readable length. */
function shortPosition(position: string): string {
  return position.length > 60 ? `${position.slice(0, 57)}...` : position;
}

/** Sorts conditions by path: the order matters where `exists: false` applies to a field in an array. */
function inOrder(draft: Draft): Alternative {
  return [...draft.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
}
