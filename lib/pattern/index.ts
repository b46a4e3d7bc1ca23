export { compilePattern } from "./compile.ts";
export { explainPattern, type PatternExplanation, type PatternMismatch } from "./explain.ts";
export type { PatternEdit } from "./nearest-edit.ts";
export type { Pattern, PatternNode, PatternValue } from "./pattern.ts";
export { compilePatterns, PatternIndex, type PatternMatcher } from "./rule-index.ts";
