import { shortForm } from "../error/short-form.ts";
import { type Alternative, type Condition, isNumeric } from "./condition.ts";
import { below, invalid } from "./invalid.ts";
import { isObject } from "./json-object.ts";
import { parseValues } from "./parse-values.ts";

/** How deep fields may be nested: what events may be. */
const depthLimit = 1_000;

/** How many alternatives `$or`s may multiply into, and how many fields one alternative may have. */
const alternativeLimit = 1_000;
const fieldLimit = 256;

/** Names that AWS keeps for operators, so that `$or` holds no field of theirs. */
const reserved: ReadonlySet<string> = new Set([
  ...["exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr"],
  ...["=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case"],
  ...["date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"],
  ...["ip-address-in-range", "ip-address-not-in-range"],
]);

/** One alternative while it is read. A path that comes again takes the place of the one before, as in AWS's engine. */
type Draft = Map<string, Condition>;

interface Level {
  readonly path: readonly string[];
  readonly depth: number;
  readonly place: string;
  readonly insideOr: boolean;
}

/**
 * Reads a pattern into alternatives: each `$or` multiplies those read so far by its branches.
 * Throws `invalid_pattern` with the place and the fix.
 */
export function parsePattern(pattern: unknown, place = "pattern"): Alternative[] {
  if (!isObject(pattern)) {
    invalid(place, `${shortForm(pattern)} is no pattern`, 'write an object of fields, such as { "source": ["crew"] }');
  }
  const drafts: Draft[] = [];
  parseFields(drafts, pattern, { path: [], depth: 1, place, insideOr: false });
  return shareNumbers(drafts.map(inOrder));
}

function parseFields(drafts: Draft[], fields: Readonly<Record<string, unknown>>, level: Level): void {
  const names = Object.keys(fields);
  if (names.length === 0) invalid(level.place, "an empty object wants nothing", "name at least one field in it");
  if (level.depth > depthLimit) {
    invalid(shortPlace(level.place), `fields are nested over ${depthLimit} deep`, "write fewer levels");
  }
  for (const name of names) {
    const place = below(level.place, name);
    const value = fields[name];
    if (name === "$or") {
      parseOr(drafts, value, { ...level, place });
    } else if (level.insideOr && reserved.has(name)) {
      invalid(
        place,
        `"${name}" is the name of an operator, and no field inside "$or" can be called so`,
        'test the field outside "$or"',
      );
    } else if (Array.isArray(value)) {
      addCondition(drafts, parseCondition(value, name, { ...level, place }), place);
    } else if (isObject(value)) {
      parseFields(drafts, value, { ...level, path: [...level.path, name], depth: level.depth + 1, place });
    } else {
      invalid(
        place,
        `${shortForm(value)} is no list of values`,
        typeof value === "object" ? "write [null]" : `write [${shortForm(value)}]`,
      );
    }
  }
}

function parseOr(drafts: Draft[], branches: unknown, level: Level): void {
  if (!Array.isArray(branches) || branches.length < 2) {
    const found = Array.isArray(branches) ? `${branches.length} of them` : shortForm(branches);
    invalid(
      level.place,
      `"$or" needs two alternatives or more, and this is ${found}`,
      "write an array of two objects or more",
    );
  }
  const before = drafts.splice(0);
  branches.forEach((branch: unknown, index) => {
    const place = below(level.place, index);
    if (!isObject(branch)) {
      invalid(
        place,
        `${shortForm(branch)} is no alternative`,
        'write an object of fields, such as { "source": ["crew"] }',
      );
    }
    const copies = before.length === 0 ? [new Map()] : before.map((draft) => new Map(draft));
    parseFields(copies, branch, { ...level, depth: level.depth + 1, place, insideOr: true });
    drafts.push(...copies);
    if (drafts.length > alternativeLimit) {
      invalid(
        level.place,
        `the "$or"s multiply into over ${alternativeLimit} alternatives`,
        "split the pattern in several",
      );
    }
  });
}

function addCondition(drafts: Draft[], condition: Condition, place: string): void {
  if (drafts.length === 0) drafts.push(new Map());
  for (const draft of drafts) {
    draft.set(condition.path, condition);
    if (draft.size > fieldLimit) invalid(place, `it names over ${fieldLimit} fields`, "test fewer fields");
  }
}

function parseCondition(values: readonly unknown[], name: string, level: Level): Condition {
  const parent = level.path.join(".");
  return { path: parent === "" ? name : `${parent}.${name}`, ...parseValues(values, level.place) };
}

/** A place some thousand steps deep, cut to what a person reads. */
function shortPlace(place: string): string {
  return place.length > 60 ? `${place.slice(0, 57)}...` : place;
}

/** Fields are tried in the order of their paths, which decides when `exists: false` meets an array. */
function inOrder(draft: Draft): Alternative {
  return [...draft.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
}

/**
 * Alternatives that start with the same field share its comparison in AWS's engine: where it is numeric in one of them,
 * numbers are not compared with addresses in the others.
 */
function shareNumbers(alternatives: Alternative[]): Alternative[] {
  if (alternatives.length === 1) return alternatives;
  const numeric = new Set<string>();
  for (const [first] of alternatives) if (first?.tests.some(isNumeric)) numeric.add(first.path);
  return alternatives.map((alternative) => {
    const [first, ...others] = alternative;
    return first !== undefined && numeric.has(first.path) ? [withoutNumbers(first), ...others] : alternative;
  });
}

function withoutNumbers(condition: Condition): Condition {
  const tests = condition.tests.map((test) => (test.kind === "ip" ? { ...test, numbers: false } : test));
  return { ...condition, tests };
}
