import { prepareAll } from "./check.ts";
import { EventFields } from "./event-fields.ts";
import { FieldTree } from "./field-tree.ts";
import { parsePattern } from "./parse.ts";
import { Rule } from "./rule.ts";

/**
 * Compiles an EventBridge event pattern to a predicate over any JSON value; a value that is not an object never matches,
 * nor does an event that takes more steps than `stepLimit`, or that is nested more than 1,000 levels deep.
 * Throws `invalid_pattern` with the position in the pattern. To match many patterns at once, use `compilePatterns`.
 */
export function compilePattern(pattern: unknown): (event: unknown) => boolean {
  const tree = new FieldTree();
  const alternatives = prepareAll(parsePattern(pattern), tree);
  const fields = new EventFields(tree);
  const rule = new Rule(alternatives, fields);
  return (event) => {
    fields.read(event);
    const matches = !fields.tooDeep && rule.matches();
    fields.release();
    return matches;
  };
}
