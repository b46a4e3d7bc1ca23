import { prepareAll } from "./check.ts";
import { EventFields } from "./event-fields.ts";
import { FieldTree } from "./field-tree.ts";
import { parsePattern } from "./parse.ts";
import { satisfied } from "./rule.ts";

/**
 * Makes a predicate of an EventBridge event pattern. It takes any JSON value; what is no object never matches.
 * Throws `invalid_pattern` with the place and the fix. Many patterns at once: `compilePatterns`.
 */
export function compilePattern(pattern: unknown): (event: unknown) => boolean {
  const alternatives = parsePattern(pattern);
  const tree = new FieldTree();
  const checks = alternatives.map((alternative) => prepareAll(alternative, tree));
  const found = new EventFields(tree);
  return (event) => {
    found.read(event);
    return checks.some((alternative) => satisfied(alternative, found));
  };
}
