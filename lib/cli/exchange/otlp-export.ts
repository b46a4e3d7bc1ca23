import { createHash } from "node:crypto";
import type { EndedDelivery } from "../../engine/delivery.ts";
import type { Event } from "../../event/event.ts";
import type { Flow, FlowNode } from "../../history/flow.ts";
import { flowNodes } from "../../history/flow-nodes.ts";

type Value = { stringValue: string } | { intValue: string };
interface Attribute {
  readonly key: string;
  readonly value: Value;
}

/**
 * The spans of a flow as an OTLP request in its JSON form, by the messaging conventions: a producer span for each event, and
 * below it a consumer span for each delivery that has ended. A flow that carries a `traceparent` keeps its trace id.
 */
export function flowToSpans(flow: Flow): object {
  const nodes = [...flowNodes(flow)];
  const traceId = traceIdOf(flow, nodes);
  const bySource = Map.groupBy(nodes, ({ event }) => event.source);
  const known = new Set(nodes.map(({ event }) => event.id));
  return {
    resourceSpans: [...bySource].map(([source, ofSource]) => ({
      resource: { attributes: [textAttribute("service.name", source)] },
      scopeSpans: [
        {
          scope: { name: "wagglebus" },
          spans: ofSource.flatMap(({ event, deliveries = [] }) => [
            producerSpan(event, traceId, known),
            ...deliveries.map((delivery) => consumerSpan(delivery, event, traceId)),
          ]),
        },
      ],
    })),
  };
}

function producerSpan(event: Event, traceId: string, known: ReadonlySet<string>): object {
  const { causationId, agentId, correlationId } = event.metadata;
  const parent = causationId !== undefined && known.has(causationId) ? { parentSpanId: spanId(causationId) } : {};
  const at = nanoseconds(Date.parse(event.time));
  return {
    traceId,
    spanId: spanId(event.id),
    ...parent,
    name: `send ${event.type}`,
    kind: 4,
    startTimeUnixNano: at,
    endTimeUnixNano: at,
    attributes: [
      textAttribute("messaging.system", "waggle"),
      textAttribute("messaging.operation.type", "send"),
      textAttribute("messaging.destination.name", event.type),
      textAttribute("messaging.message.id", event.id),
      textAttribute("messaging.message.conversation_id", correlationId),
      ...(agentId === undefined ? [] : [textAttribute("gen_ai.agent.id", agentId)]),
    ],
  };
}

function consumerSpan(delivery: EndedDelivery, event: Event, traceId: string): object {
  const { attempts, endedAt, failures, outcome, ranMs = 0, replayId, subscription } = delivery;
  const ended = Date.parse(endedAt);
  const message = failures.at(-1)?.message;
  return {
    traceId,
    spanId: spanId(`${event.id} ${subscription} ${replayId ?? ""}`),
    parentSpanId: spanId(event.id),
    name: `process ${subscription}`,
    kind: 5,
    startTimeUnixNano: nanoseconds(ended - ranMs),
    endTimeUnixNano: nanoseconds(ended),
    attributes: [
      textAttribute("messaging.system", "waggle"),
      textAttribute("messaging.operation.type", "process"),
      textAttribute("messaging.destination.name", event.type),
      textAttribute("messaging.destination.subscription.name", subscription),
      textAttribute("messaging.message.id", event.id),
      textAttribute("waggle.outcome", outcome),
      { key: "waggle.attempts", value: { intValue: String(attempts) } },
    ],
    status: outcome === "dead" ? { code: 2, ...(message === undefined ? {} : { message }) } : {},
  };
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

/** A count of nanoseconds exceeds what a number holds exactly. */
function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * 1_000n);
}

function textAttribute(key: string, text: string): Attribute {
  return { key, value: { stringValue: text } };
}
