export { defineHandler } from "./define-handler.ts";
export type { BatchResponse, FunctionContext, QueueFunction, ScheduledFunction } from "./function.ts";
export type { FunctionOptions, HandlerOptions, WatchOptions } from "./options.ts";
export { recordDeadLetter } from "./record-dead-letter.ts";
export { recordHistory } from "./record-history.ts";
export { watchFlows } from "./watch-flows.ts";
