import { createHash } from "node:crypto";
import type { Draft } from "../../event/event.ts";
import { formatTime } from "../../event/time.ts";
import { genAi, messaging, scopeName } from "../semconv.ts";
import { type Span, traceRequest, type Values, valuesOf } from "./request.ts";

/** What became of the spans of a request. */
export type SpanDrafts = { readonly drafts: readonly Draft[]; readonly skipped: number } | { readonly problem: string };

/** Operations of a model that are a `llm.call.*`. */
const modelCalls: readonly string[] = ["chat", "generate_content", "text_completion"];

/**
 * The drafts of the GenAI spans of an OTLP request, by the conventions that {@link genAi} names: a model's call is a
 * `llm.call.completed` or `.failed`, `execute_tool` a `tool.call.completed`, `invoke_agent` an `execution.completed` or `.failed`, and any
 * other operation a `custom.gen_ai.<operation>`. Trace and span ids become ids of events, so that what is sent again is
 * published once. Spans of anything else are skipped, and so are those that Waggle made of events.
 */
export function spansToDrafts(value: unknown): SpanDrafts {
  const parsed = traceRequest.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: `not an OTLP request: ${issue?.path.join(".") || "the record"}: ${issue?.message}` };
  }
  const drafts: Draft[] = [];
  let skipped = 0;
  for (const { resource, scopeSpans = [] } of parsed.data.resourceSpans) {
    const source = text(valuesOf(resource?.attributes)["service.name"]) ?? "otlp";
    for (const { scope, spans = [] } of scopeSpans) {
      for (const one of spans) {
        const draft = scope?.name === scopeName ? undefined : draftOf(one, source);
        if (draft === undefined) skipped += 1;
        else drafts.push(draft);
      }
    }
  }
  return { drafts, skipped };
}

function draftOf(one: Span, source: string): Draft | undefined {
  const values = valuesOf(one.attributes);
  const operation = text(values[genAi.operation]);
  if (operation === undefined) return undefined;
  const traceId = one.traceId.toLowerCase();
  const spanId = one.spanId.toLowerCase();
  const agentId = text(values[genAi.agentId]) ?? text(values[genAi.agentName]);
  const parent = text(one.parentSpanId)?.toLowerCase();
  const id = `otlp-${traceId}-${spanId}`;
  return {
    ...typeAndData({ one, values, operation, id }),
    id,
    source,
    time: formatTime(milliseconds(one.endTimeUnixNano)),
    metadata: {
      correlationId: text(values[genAi.conversationId]) ?? traceId,
      ...(parent === undefined ? {} : { causationId: `otlp-${traceId}-${parent}` }),
      ...(agentId === undefined ? {} : { agentId }),
      traceparent: `00-${traceId}-${spanId}-01`,
    },
  };
}

interface Facts {
  readonly one: Span;
  readonly values: Values;
  readonly operation: string;
  readonly id: string;
}

function typeAndData({ one, values, operation, id }: Facts): Pick<Draft, "type" | "data"> {
  const { status, name } = one;
  const errorType = text(values[messaging.errorType]);
  const isError = status?.code === 2 || status?.code === "STATUS_CODE_ERROR" || errorType !== undefined;
  const error = text(status?.message) ?? errorType;
  const common = {
    ...(name === undefined ? {} : { name }),
    durationMs: milliseconds(one.endTimeUnixNano) - milliseconds(one.startTimeUnixNano),
    isError,
    ...(isError && error !== undefined ? { error } : {}),
    attributes: values,
  };
  const model = text(values[genAi.responseModel]) ?? text(values[genAi.requestModel]);
  const toolName = text(values[genAi.toolName]);
  if (operation === "execute_tool" && toolName !== undefined) {
    const toolUseId = text(values[genAi.toolCallId]);
    const data = { ...common, toolName, ...(toolUseId === undefined ? {} : { toolUseId }) };
    return { type: "tool.call.completed", data };
  }
  if (modelCalls.includes(operation) && model !== undefined) {
    const provider = text(values[genAi.provider]);
    const finishReason = firstOf(values[genAi.finishReasons]);
    const data = {
      ...common,
      model,
      ...(provider === undefined ? {} : { provider }),
      ...(finishReason === undefined ? {} : { finishReason }),
      ...counts(values, { ...tokenNames, cachedTokens: genAi.cachedTokens }),
    };
    return { type: `llm.call.${isError ? "failed" : "completed"}`, data };
  }
  const usage = counts(values, tokenNames);
  const rest = {
    ...common,
    ...(model === undefined ? {} : { model }),
    ...(Object.keys(usage).length === 0 ? {} : { usage }),
  };
  return operation === "invoke_agent"
    ? { type: `execution.${isError ? "failed" : "completed"}`, data: { ...rest, executionId: id } }
    : { type: `custom.gen_ai.${word(operation)}`, data: rest };
}

const tokenNames = { inputTokens: genAi.inputTokens, outputTokens: genAi.outputTokens };

function counts(values: Values, names: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(names).flatMap(([field, attribute]): [string, number][] => {
      const value = values[attribute];
      return typeof value === "number" ? [[field, value]] : [];
    }),
  );
}

/** A word of a type; an operation that has none of its letters is told apart by its hash. */
function word(operation: string): string {
  const letters = operation
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "_")
    .slice(0, 60);
  return /[a-z0-9]/.test(letters) ? letters : createHash("sha256").update(operation).digest("hex").slice(0, 12);
}

function firstOf(value: unknown): string | undefined {
  return Array.isArray(value) ? text(value[0]) : undefined;
}

function milliseconds(nano: string | number): number {
  return Number(BigInt(nano) / 1_000_000n);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
