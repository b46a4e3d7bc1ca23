// What each adapter's entry offers besides its own functions.
export { type ExecutionOptions, execution } from "./execution.ts";
export type { ModelAnswer, ModelCall } from "./model-call.ts";
export type { Price, Prices, Tokens } from "./prices.ts";
export type { Run } from "./run.ts";
export type { ToolCall, ToolRequest } from "./tool-call.ts";
