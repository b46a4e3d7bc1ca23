/**
 * OpenTelemetry's names, of the two versions below and no other. All of messaging and GenAI is in development there: a change
 * of a name is a change of this file.
 */

/** Of messaging and of errors; the package `@opentelemetry/semantic-conventions` of this version has the same names. */
export const messagingVersion = "1.45.0";
/** Of GenAI, which has had a repository of its own since. */
export const genAiVersion = "0.1.0";
/** Says the version to whoever reads the spans. */
export const schemaUrl = `https://opentelemetry.io/schemas/${messagingVersion}`;

/** Whose spans they are: the name of the instrumentation scope. */
export const scopeName = "wagglebus";

/** Names of attributes of messaging, and of errors. */
export const messaging = {
  system: "messaging.system",
  operationName: "messaging.operation.name",
  operationType: "messaging.operation.type",
  destination: "messaging.destination.name",
  subscription: "messaging.destination.subscription.name",
  messageId: "messaging.message.id",
  conversationId: "messaging.message.conversation_id",
  batchCount: "messaging.batch.message_count",
  errorType: "error.type",
} as const;

/** Names of attributes of GenAI. */
export const genAi = {
  operation: "gen_ai.operation.name",
  provider: "gen_ai.provider.name",
  requestModel: "gen_ai.request.model",
  responseModel: "gen_ai.response.model",
  finishReasons: "gen_ai.response.finish_reasons",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  cachedTokens: "gen_ai.usage.cache_read.input_tokens",
  conversationId: "gen_ai.conversation.id",
  agentId: "gen_ai.agent.id",
  agentName: "gen_ai.agent.name",
  toolName: "gen_ai.tool.name",
  toolCallId: "gen_ai.tool.call.id",
} as const;

/** The value of `messaging.system`; none is registered for Waggle. */
export const system = "waggle";

/** Names of attributes of Waggle's own. */
export const own = {
  attempt: "waggle.delivery.attempt",
  attempts: "waggle.delivery.attempts",
  outcome: "waggle.delivery.outcome",
  replayId: "waggle.replay.id",
  redriven: "waggle.delivery.redriven",
  duplicate: "waggle.publish.duplicate",
  /** The name of what is noted in the span of a batch for an event that failed. */
  failed: "waggle.delivery.failed",
} as const;

/** The value of `error.type` where nothing better is known. */
export const otherError = "_OTHER";
