import type { Event } from "../event/event.ts";
import { reportedUsage } from "../history/usage.ts";
import { genAi, messaging, otherError } from "./semconv.ts";
import type { SpanAttributes, SpanShape } from "./span-shape.ts";

interface Operation {
  readonly operation: "chat" | "execute_tool" | "invoke_agent";
  readonly kind: SpanShape["kind"];
  /** The field of the data that the span is named by. */
  readonly target: "model" | "toolName" | "agentId";
  readonly failed: boolean;
}

const chat = { operation: "chat", kind: "client", target: "model" } as const;
const tool = { operation: "execute_tool", kind: "internal", target: "toolName", failed: false } as const;
const agent = { operation: "invoke_agent", kind: "internal", target: "agentId" } as const;

/** The types that report the end of an operation of the conventions. */
const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["llm.call.completed", { ...chat, failed: false }],
  ["llm.call.failed", { ...chat, failed: true }],
  ["tool.call.completed", tool],
  ["agent.tool.executed", tool],
  ["agent.task.completed", { ...agent, failed: false }],
  ["agent.task.failed", { ...agent, failed: true }],
  ["execution.completed", { ...agent, failed: false }],
  ["execution.failed", { ...agent, failed: true }],
]);

/**
 * The span of a model's, a tool's or an agent's work that an event reports the end of; `undefined` for any other event. It ends
 * at the event's `time`, and began `data.durationMs` before, where the event says so. Prompts, arguments and results stay out.
 */
export function genAiSpan(event: Event): SpanShape | undefined {
  const found = operations.get(event.type);
  if (found === undefined) return undefined;
  const { operation, kind, target, failed } = found;
  const data = fieldsOf(event.data);
  const name = text(data[target]) ?? (target === "agentId" ? event.metadata.agentId : undefined);
  const endMs = Date.parse(event.time);
  const durationMs = count(data.durationMs) ?? 0;
  const error = failed || data.isError === true || (operation === "execute_tool" && isPresent(data.error));
  const message = error ? messageOf(data.error) : undefined;
  return {
    name: name === undefined ? operation : `${operation} ${name}`,
    kind,
    attributes: {
      [genAi.operation]: operation,
      ...attributesOf(event, operation, data),
      ...(error ? { [messaging.errorType]: errorTypeOf(data.error) } : {}),
    },
    startMs: endMs - durationMs,
    endMs,
    ...(error ? { errorType: errorTypeOf(data.error) } : {}),
    ...(message === undefined ? {} : { errorMessage: message }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function attributesOf(event: Event, operation: Operation["operation"], data: Fields): SpanAttributes {
  const { agentId, correlationId } = event.metadata;
  const agentName = text(data.agentId) ?? agentId;
  const { inputTokens, outputTokens } = reportedUsage(event);
  const finishReason = text(data.finishReason);
  return defined({
    [genAi.conversationId]: correlationId,
    [genAi.agentName]: agentName,
    [genAi.requestModel]: text(data.model),
    [genAi.provider]: text(data.provider),
    [genAi.inputTokens]: inputTokens,
    [genAi.outputTokens]: outputTokens,
    [genAi.cachedTokens]: count(data.cachedTokens),
    [genAi.finishReasons]: finishReason === undefined ? undefined : [finishReason],
    [genAi.toolName]: operation === "execute_tool" ? text(data.toolName) : undefined,
    [genAi.toolCallId]: operation === "execute_tool" ? text(data.toolUseId) : undefined,
  });
}

function defined(attributes: Record<string, SpanAttributes[string] | undefined>): SpanAttributes {
  const result: SpanAttributes = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) result[name] = value;
  return result;
}

/** Of few values, as the conventions want: a code or a name, never a message. */
function errorTypeOf(error: unknown): string {
  const { code, name, type } = fieldsOf(error);
  return [code, name, type].map(text).find((one) => one !== undefined && one.length <= 100) ?? otherError;
}

function messageOf(error: unknown): string | undefined {
  return text(error) ?? text(fieldsOf(error).message);
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}
