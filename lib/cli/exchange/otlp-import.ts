import { createHash } from "node:crypto";
import * as z from "zod";
import type { Draft } from "../../event/event.ts";
import { formatTime } from "../../event/time.ts";

// OTLP in its JSON form, as the file exporter of a collector writes it: one request a line. Ids are in hex, 64-bit numbers are texts.

interface AnyValue {
  stringValue?: string | undefined;
  boolValue?: boolean | undefined;
  intValue?: string | number | undefined;
  doubleValue?: number | undefined;
  arrayValue?: { values?: AnyValue[] | undefined } | undefined;
  kvlistValue?: { values?: { key: string; value: AnyValue }[] | undefined } | undefined;
}
const anyValue: z.ZodType<AnyValue> = z.lazy(() =>
  z.looseObject({
    stringValue: z.string().optional(),
    boolValue: z.boolean().optional(),
    intValue: z.union([z.string(), z.number()]).optional(),
    doubleValue: z.number().optional(),
    arrayValue: z.looseObject({ values: z.array(anyValue).optional() }).optional(),
    kvlistValue: z
      .looseObject({ values: z.array(z.looseObject({ key: z.string(), value: anyValue })).optional() })
      .optional(),
  }),
);
const attributes = z.array(z.looseObject({ key: z.string(), value: anyValue })).optional();
/** A whole number of 64 bits, which JSON holds as a text, or as a number that need not be exact. */
const nanoseconds = z.union([z.string(), z.number()]).refine(
  (value) => {
    const digits = typeof value === "number" || /^\d{1,20}$/.test(value);
    return digits && Number.isInteger(Number(value)) && Number(value) >= 0 && Number(value) <= 2 ** 64;
  },
  { error: "must be a whole number of nanoseconds" },
);
const span = z.looseObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/i),
  spanId: z.string().regex(/^[0-9a-f]{16}$/i),
  parentSpanId: z.string().optional(),
  name: z.string().optional(),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  status: z
    .looseObject({ code: z.union([z.number(), z.string()]).optional(), message: z.string().optional() })
    .optional(),
});
const request = z.looseObject({
  resourceSpans: z.array(
    z.looseObject({
      resource: z.looseObject({ attributes }).optional(),
      scopeSpans: z.array(z.looseObject({ spans: z.array(span).optional() })).optional(),
    }),
  ),
});

type Span = z.infer<typeof span>;
type Values = Readonly<Record<string, unknown>>;

/** What became of the spans of a request. */
export type SpanDrafts = { readonly drafts: readonly Draft[]; readonly skipped: number } | { readonly problem: string };

/**
 * The drafts of the GenAI spans of an OTLP request, by the semantic conventions 1.37: `execute_tool` is a `tool.call.completed`,
 * any other operation a `custom.gen_ai.<operation>`. Trace and span ids become ids of events, so that a second import publishes
 * nothing twice; spans of anything else are skipped.
 */
export function spansToDrafts(value: unknown): SpanDrafts {
  const parsed = request.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: `not an OTLP request: ${issue?.path.join(".") || "the record"}: ${issue?.message}` };
  }
  const drafts: Draft[] = [];
  let skipped = 0;
  for (const { resource, scopeSpans = [] } of parsed.data.resourceSpans) {
    const service = valuesOf(resource?.attributes)["service.name"];
    for (const one of scopeSpans.flatMap(({ spans = [] }) => spans)) {
      const draft = draftOf(one, typeof service === "string" && service !== "" ? service : "otlp");
      if (draft === undefined) skipped += 1;
      else drafts.push(draft);
    }
  }
  return { drafts, skipped };
}

function draftOf(one: Span, source: string): Draft | undefined {
  const values = valuesOf(one.attributes);
  const operation = text(values["gen_ai.operation.name"]);
  if (operation === undefined) return undefined;
  const traceId = one.traceId.toLowerCase();
  const spanId = one.spanId.toLowerCase();
  const agentId = text(values["gen_ai.agent.id"]) ?? text(values["gen_ai.agent.name"]);
  const isError =
    one.status?.code === 2 || one.status?.code === "STATUS_CODE_ERROR" || values["error.type"] !== undefined;
  const parent = one.parentSpanId === undefined || one.parentSpanId === "" ? undefined : one.parentSpanId.toLowerCase();
  return {
    ...typeAndData(operation, { one, values, isError }),
    id: `otlp-${traceId}-${spanId}`,
    source,
    time: formatTime(milliseconds(one.endTimeUnixNano)),
    metadata: {
      correlationId: text(values["gen_ai.conversation.id"]) ?? traceId,
      ...(parent === undefined ? {} : { causationId: `otlp-${traceId}-${parent}` }),
      ...(agentId === undefined ? {} : { agentId }),
      traceparent: `00-${traceId}-${spanId}-01`,
    },
  };
}

interface Facts {
  readonly one: Span;
  readonly values: Values;
  readonly isError: boolean;
}

function typeAndData(operation: string, { one, values, isError }: Facts): Pick<Draft, "type" | "data"> {
  const durationMs = milliseconds(one.endTimeUnixNano) - milliseconds(one.startTimeUnixNano);
  const common = {
    ...(one.name === undefined ? {} : { name: one.name }),
    durationMs,
    isError,
    ...(one.status?.message === undefined ? {} : { error: one.status.message }),
    attributes: values,
  };
  const toolName = text(values["gen_ai.tool.name"]);
  if (operation === "execute_tool" && toolName !== undefined) {
    const toolUseId = text(values["gen_ai.tool.call.id"]);
    const data = { ...common, toolName, ...(toolUseId === undefined ? {} : { toolUseId }) };
    return { type: "tool.call.completed", data };
  }
  const usage = {
    inputTokens: values["gen_ai.usage.input_tokens"],
    outputTokens: values["gen_ai.usage.output_tokens"],
  };
  const counted = Object.fromEntries(Object.entries(usage).filter(([, count]) => typeof count === "number"));
  const model = text(values["gen_ai.response.model"]) ?? text(values["gen_ai.request.model"]);
  return {
    type: `custom.gen_ai.${word(operation)}`,
    data: {
      ...common,
      ...(model === undefined ? {} : { model }),
      ...(Object.keys(counted).length === 0 ? {} : { usage: counted }),
    },
  };
}

/** A word of a type; an operation that has none of its letters is told apart by its hash. */
function word(operation: string): string {
  const letters = operation
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "_")
    .slice(0, 60);
  return /[a-z0-9]/.test(letters) ? letters : createHash("sha256").update(operation).digest("hex").slice(0, 12);
}

function milliseconds(nano: string | number): number {
  return Number(BigInt(nano) / 1_000_000n);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function valuesOf(list: z.infer<typeof attributes>): Values {
  return Object.fromEntries((list ?? []).map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue(value: AnyValue): unknown {
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plainValue);
  if (value.kvlistValue !== undefined) {
    return Object.fromEntries((value.kvlistValue.values ?? []).map((one) => [one.key, plainValue(one.value)]));
  }
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? null;
}
