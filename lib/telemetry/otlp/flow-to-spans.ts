import { createHash } from "node:crypto";
import type { EndedDelivery } from "../../engine/delivery.ts";
import type { Event } from "../../event/event.ts";
import type { Flow, FlowNode } from "../../history/flow.ts";
import { flowNodes } from "../../history/flow-nodes.ts";
import { genAiSpan } from "../gen-ai.ts";
import { messagingAttributes, spanName } from "../messaging.ts";
import { messaging, own, schemaUrl, scopeName } from "../semconv.ts";
import type { AttributeValue, SpanAttributes, SpanShape } from "../span-shape.ts";

/** The numbers of OTLP. */
const spanKinds = { internal: 1, client: 3, producer: 4, consumer: 5 } as const;
const errorStatus = 2;

/**
 * The spans of a flow as an OTLP request in its JSON form, by the conventions that the middleware `tracing` keeps: a producer
 * span for each event, below it a consumer span for each delivery that has ended, and beside it the work of a model, a tool
 * or an agent whose end the event reports. A flow that carries a `traceparent` keeps its trace id.
 */
export function flowToSpans(flow: Flow): object {
  const nodes = [...flowNodes(flow)];
  const traceId = traceIdOf(flow, nodes);
  const bySource = Map.groupBy(nodes, ({ event }) => event.source);
  const known = new Set(nodes.map(({ event }) => event.id));
  return {
    resourceSpans: [...bySource].map(([source, ofSource]) => ({
      resource: { attributes: attributeList({ "service.name": source }) },
      scopeSpans: [
        {
          scope: { name: scopeName },
          schemaUrl,
          spans: ofSource.flatMap(({ event, deliveries = [] }) => [
            producerSpan(event, traceId, known),
            ...deliveries.map((delivery) => consumerSpan(delivery, event, traceId)),
            ...workSpan(event, traceId, known),
          ]),
        },
      ],
    })),
  };
}

function producerSpan(event: Event, traceId: string, known: ReadonlySet<string>): object {
  const at = Date.parse(event.time);
  return {
    traceId,
    spanId: spanId(event.id),
    ...parentOf(event, known),
    name: spanName("send", event),
    kind: spanKinds.producer,
    ...times(at, at),
    attributes: attributeList(messagingAttributes("send", event)),
  };
}

function consumerSpan(delivery: EndedDelivery, event: Event, traceId: string): object {
  const { attempts, endedAt, failures, outcome, ranMs = 0, replayId, subscription } = delivery;
  const ended = Date.parse(endedAt);
  const last = failures.at(-1);
  const dead = outcome === "dead";
  return {
    traceId,
    spanId: spanId(`${event.id} ${subscription} ${replayId ?? ""}`),
    parentSpanId: spanId(event.id),
    name: spanName("process", event),
    kind: spanKinds.consumer,
    ...times(ended - ranMs, ended),
    attributes: attributeList({
      ...messagingAttributes("process", event),
      [messaging.subscription]: subscription,
      [own.outcome]: outcome,
      [own.attempts]: attempts,
      ...(replayId === undefined ? {} : { [own.replayId]: replayId }),
      ...(dead && last !== undefined ? { [messaging.errorType]: last.code } : {}),
    }),
    status: dead ? { code: errorStatus, ...(last === undefined ? {} : { message: last.message }) } : {},
  };
}

/** Of an event that reports the end of a model's, a tool's or an agent's work. */
function workSpan(event: Event, traceId: string, known: ReadonlySet<string>): object[] {
  const shape: SpanShape | undefined = genAiSpan(event);
  if (shape === undefined) return [];
  const { attributes, endMs, errorMessage, errorType, kind, name, startMs } = shape;
  const failed = { code: errorStatus, ...(errorMessage === undefined ? {} : { message: errorMessage }) };
  return [
    {
      traceId,
      spanId: spanId(`${event.id} work`),
      ...parentOf(event, known),
      name,
      kind: spanKinds[kind],
      ...times(startMs, endMs),
      attributes: attributeList(attributes),
      status: errorType === undefined ? {} : failed,
    },
  ];
}

function parentOf({ metadata: { causationId } }: Event, known: ReadonlySet<string>): { parentSpanId?: string } {
  return causationId !== undefined && known.has(causationId) ? { parentSpanId: spanId(causationId) } : {};
}

function traceIdOf(flow: Flow, nodes: readonly FlowNode[]): string {
  for (const { event } of nodes) {
    const id = event.metadata.traceparent?.split("-")[1];
    if (id !== undefined) return id;
  }
  return digest(`flow ${flow.id}`, 32);
}

/** Derived from the id, so that a second export gives the same spans. */
function spanId(id: string): string {
  return digest(id, 16);
}

function digest(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}

function times(startMs: number, endMs: number): { startTimeUnixNano: string; endTimeUnixNano: string } {
  return { startTimeUnixNano: nanoseconds(startMs), endTimeUnixNano: nanoseconds(endMs) };
}

/** A count of nanoseconds exceeds what a number holds exactly. */
function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * 1_000n);
}

function attributeList(attributes: SpanAttributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "object") return { arrayValue: { values: value.map(anyValue) } };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
