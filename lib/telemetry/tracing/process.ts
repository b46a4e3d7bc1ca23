import {
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { BatchContext } from "../../delivery/batch.ts";
import type { HandlerContext } from "../../delivery/handler.ts";
import type { BatchNext, HandlerNext } from "../../delivery/middleware.ts";
import { isParked } from "../../delivery/parked-error.ts";
import type { Event } from "../../event/event.ts";
import { batchAttributes, batchName, messagingAttributes, spanName } from "../messaging.ts";
import { type DeliverySpans, deliveryAttributes } from "./deliver.ts";
import { endBatch, endFailed } from "./ending.ts";
import { contextOf } from "./trace-context.ts";

/** Where the span of an attempt hangs. */
export type ProcessParent = "none" | "producer" | "active";

/** Runs one attempt within a span that is linked to the one that the event was published in. */
export async function processDelivery(
  tracer: Tracer,
  { event, handler, next }: { event: Event; handler: HandlerContext; next: HandlerNext },
  { parent, spans }: { parent: ProcessParent; spans: DeliverySpans },
): Promise<unknown> {
  const producer = contextOf(event.metadata);
  const around = parentOf(parent, producer);
  const attributes = { ...messagingAttributes("process", event), ...deliveryAttributes(event, handler) };
  const links: Link[] = producer === undefined ? [] : [{ context: producer }];
  const span = tracer.startSpan(spanName("process", event), { kind: SpanKind.CONSUMER, attributes, links }, around);
  spans.begin(tracer, event, handler, { producer, span });
  try {
    const result = await context.with(trace.setSpan(around, span), () => next());
    spans.end(event, handler, false);
    span.end();
    return result;
  } catch (thrown) {
    spans.end(event, handler, isParked(thrown));
    if (isParked(thrown)) span.end();
    else endFailed(span, thrown);
    throw thrown;
  }
}

/** Runs the handler of a batch within one span, which is linked to those that its events were published in. */
export async function processBatch(
  tracer: Tracer,
  { events, batch, next }: { events: readonly Event[]; batch: BatchContext; next: BatchNext },
  { parent, spans }: { parent: ProcessParent; spans: DeliverySpans },
): Promise<ReadonlyMap<Event, unknown>> {
  const producers = events.map(({ metadata }) => contextOf(metadata));
  // No event of a batch is its parent more than the others.
  const around = parent === "active" ? context.active() : ROOT_CONTEXT;
  const links = producers.flatMap((producer) => (producer === undefined ? [] : [{ context: producer }]));
  const attributes = batchAttributes("process", events, batch.subscription);
  const span = tracer.startSpan(batchName("process", events), { kind: SpanKind.CONSUMER, attributes, links }, around);
  for (const [index, event] of events.entries()) {
    const delivery = { ...batch.delivery(event), subscription: batch.subscription };
    spans.begin(tracer, event, delivery, { producer: producers[index], span });
  }
  try {
    const failed = await context.with(trace.setSpan(around, span), next);
    endBatch(span, failed, events.length);
    return failed;
  } catch (thrown) {
    endFailed(span, thrown);
    throw thrown;
  }
}

function parentOf(parent: ProcessParent, producer: SpanContext | undefined): Context {
  if (parent === "active") return context.active();
  if (parent === "none" || producer === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, producer);
}
