export { alertWebhook } from "./alert-webhook.ts";
export { defineHandler } from "./define-handler.ts";
export type { BatchResponse, FunctionContext, QueueFunction, ScheduledFunction } from "./function.ts";
export type {
  AlertWebhookOptions,
  FunctionOptions,
  HandlerOptions,
  RelayOutboxOptions,
  WatchOptions,
} from "./options.ts";
export { recordDeadLetter } from "./record-dead-letter.ts";
export { recordHistory } from "./record-history.ts";
export { relayOutbox } from "./relay-outbox.ts";
export { watchFlows } from "./watch-flows.ts";
