export { compilePattern } from "./compile.ts";
export type { Pattern, PatternNode, PatternValue } from "./pattern.ts";
export { compilePatterns } from "./rule-index.ts";
