import {
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { HandlerContext } from "../../delivery/handler.ts";
import type { HandlerNext } from "../../delivery/middleware.ts";
import { isParked } from "../../delivery/parked-error.ts";
import type { Event } from "../../event/event.ts";
import { messagingAttributes, spanName } from "../messaging.ts";
import { messaging, own } from "../semconv.ts";
import type { SpanAttributes } from "../span-shape.ts";
import { endFailed } from "./ending.ts";
import { contextOf } from "./trace-context.ts";

/** Where the span of an attempt hangs. */
export type ProcessParent = "none" | "producer" | "active";

/** Runs one attempt within a span that is linked to the one that the event was published in. */
export async function processDelivery(
  tracer: Tracer,
  { event, handler, next }: { event: Event; handler: HandlerContext; next: HandlerNext },
  parent: ProcessParent,
): Promise<unknown> {
  const producer = contextOf(event.metadata);
  const around = parentOf(parent, producer);
  const attributes = { ...messagingAttributes("process", event), ...deliveryAttributes(event, handler) };
  const links: Link[] = producer === undefined ? [] : [{ context: producer }];
  const span = tracer.startSpan(spanName("process", event), { kind: SpanKind.CONSUMER, attributes, links }, around);
  if (producer !== undefined && handler.attempt === 1) traceDelivery(tracer, { event, handler, producer, span });
  try {
    const result = await context.with(trace.setSpan(around, span), () => next());
    span.end();
    return result;
  } catch (thrown) {
    if (isParked(thrown)) span.end();
    else endFailed(span, thrown);
    throw thrown;
  }
}

function parentOf(parent: ProcessParent, producer: SpanContext | undefined): Context {
  if (parent === "active") return context.active();
  if (parent === "none" || producer === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, producer);
}

function deliveryAttributes({ metadata: { replay } }: Event, handler: HandlerContext): SpanAttributes {
  return {
    [messaging.subscription]: handler.subscription,
    [own.attempt]: handler.attempt,
    ...(handler.redriven ? { [own.redriven]: true } : {}),
    ...(replay === undefined ? {} : { [own.replayId]: replay.id }),
  };
}

/**
 * In the trace of the publisher: how long the event waited before its first attempt, and a link to that. Machines' clocks
 * differ, so that it may have come before it was sent: then it waited for no time.
 */
function traceDelivery(
  tracer: Tracer,
  { event, handler, producer, span }: { event: Event; handler: HandlerContext; producer: SpanContext; span: Span },
): void {
  const attributes = {
    [messaging.system]: "waggle",
    [messaging.destination]: event.type,
    [messaging.messageId]: event.id,
    ...deliveryAttributes(event, handler),
  };
  const now = Date.now();
  const startTime = Math.min(handler.acceptedAt, now);
  const links = [{ context: span.spanContext() }];
  const parent = trace.setSpanContext(ROOT_CONTEXT, producer);
  tracer
    .startSpan(spanName("deliver", event), { kind: SpanKind.INTERNAL, attributes, links, startTime }, parent)
    .end(now);
}
