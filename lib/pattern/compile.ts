import { prepareAll } from "./check.ts";
import { EventFields } from "./event-fields.ts";
import { FieldTree } from "./field-tree.ts";
import { parsePattern } from "./parse.ts";
import { satisfied } from "./rule.ts";

/**
 * Compiles an EventBridge event pattern to a predicate over any JSON value; a value that is not an object never matches.
 * Throws `invalid_pattern` with the position in the pattern. To match many patterns at once, use `compilePatterns`.
 */
export function compilePattern(pattern: unknown): (event: unknown) => boolean {
  const alternatives = parsePattern(pattern);
  const tree = new FieldTree();
  const checks = alternatives.map((alternative) => prepareAll(alternative, tree));
  const fields = new EventFields(tree);
  return (event) => {
    fields.read(event);
    return checks.some((alternative) => satisfied(alternative, fields));
  };
}
