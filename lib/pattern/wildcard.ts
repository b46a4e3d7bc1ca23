import { WildcardSet } from "./wildcard-set.ts";

/** The literal parts between the stars of a wildcard, unescaped, or the problem of an invalid wildcard. */
type ParsedWildcard = { readonly literals: readonly string[] } | { readonly problem: string };

/** Splits a wildcard at its stars. `\*` is a star, `\\` a backslash; other escapes and `**` are invalid. */
export function parseWildcard(text: string): ParsedWildcard {
  const literals: string[] = [];
  let literal = "";
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charAt(at);
    const next = text.charAt(at + 1);
    if (unit === "*") {
      if (next === "*") {
        return { problem: `has "**" at character ${at + 1}; a single "*" already matches any run of characters` };
      }
      literals.push(literal);
      literal = "";
    } else if (unit === "\\") {
      if (next !== "*" && next !== "\\") {
        return { problem: `has "\\" at character ${at + 1}; it may only escape "*" or "\\"` };
      }
      literal += next;
      at += 1;
    } else {
      literal += unit;
    }
  }
  literals.push(literal);
  return { literals };
}

/** Whether the value consists of the literals in order, with any run of characters between two. Needs at least two literals. */
export function matchesWildcard(literals: readonly string[], value: string): boolean {
  const first = literals[0] ?? "";
  const last = literals[literals.length - 1] ?? "";
  const end = value.length - last.length;
  if (first.length > end || !value.startsWith(first) || !value.endsWith(last)) return false;
  let at = first.length;
  for (let index = 1; index < literals.length - 1; index += 1) {
    const literal = literals[index] ?? "";
    const found = value.indexOf(literal, at);
    if (found === -1) return false;
    at = found + literal.length;
    if (at > end) return false;
  }
  return true;
}

/** Values shorter than this are searched for each literal in turn, which is faster than an automaton but not always linear. */
const shortValue = 64;

/** Compiles several wildcards, given as their literals, to one test. */
export function wildcardMatcher(wildcards: readonly (readonly string[])[]): (value: string) => boolean {
  const one = (value: string) => wildcards.some((literals) => matchesWildcard(literals, value));
  if (wildcards.every(({ length }) => length < 3) || !WildcardSet.fits(wildcards)) return one;
  const set = new WildcardSet(wildcards);
  return (value) => (value.length * wildcards.length < shortValue ? one(value) : set.matches(value));
}
