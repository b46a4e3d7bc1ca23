import { ROOT_CONTEXT, type Span, type SpanContext, SpanKind, type Tracer, trace } from "@opentelemetry/api";
import type { Event } from "../../event/event.ts";
import { spanName } from "../messaging.ts";
import { messaging, own, system } from "../semconv.ts";
import type { SpanAttributes } from "../span-shape.ts";

/** How an event is delivered. */
export interface TracedDelivery {
  readonly subscription: string;
  readonly attempt: number;
  readonly acceptedAt: number;
  readonly redriven: boolean;
}

/** What is said of one delivery. */
export function deliveryAttributes(
  { metadata: { replay } }: Event,
  { attempt, redriven, subscription }: TracedDelivery,
): SpanAttributes {
  return {
    [messaging.subscription]: subscription,
    [own.attempt]: attempt,
    ...(redriven ? { [own.redriven]: true } : {}),
    ...(replay === undefined ? {} : { [own.replayId]: replay.id }),
  };
}

/** Deliveries whose first attempt was parked that are remembered. */
const mostParked = 10_000;

/**
 * Traces, once for each delivery, how long the event waited before its first attempt. A delivery that is parked, as by a step that
 * sleeps, begins its first attempt again: in the same process that is no second wait.
 */
export class DeliverySpans {
  readonly #parked = new Set<string>();

  /** `span` is that of the attempt; `producer` is where the event was published. */
  begin(
    tracer: Tracer,
    event: Event,
    delivery: TracedDelivery,
    { producer, span }: { producer: SpanContext | undefined; span: Span },
  ): void {
    if (producer === undefined || delivery.attempt !== 1 || this.#parked.has(nameOf(event, delivery))) return;
    traceDelivery(tracer, event, delivery, { producer, span });
  }

  /** The attempt is over; a parked one is begun again. */
  end(event: Event, delivery: TracedDelivery, isParked: boolean): void {
    if (!isParked && this.#parked.size === 0) return;
    const name = nameOf(event, delivery);
    this.#parked.delete(name);
    if (!isParked) return;
    this.#parked.add(name);
    const [oldest] = this.#parked;
    if (this.#parked.size > mostParked && oldest !== undefined) this.#parked.delete(oldest);
  }
}

function nameOf({ id, metadata: { replay } }: Event, { subscription }: TracedDelivery): string {
  return JSON.stringify([subscription, id, replay?.id]);
}

/**
 * In the trace of the publisher: how long the event waited before its first attempt, and a link to that. Machines' clocks
 * differ, so that it may have come before it was sent: then it waited for no time.
 */
function traceDelivery(
  tracer: Tracer,
  event: Event,
  delivery: TracedDelivery,
  { producer, span }: { producer: SpanContext; span: Span },
): void {
  const attributes = {
    [messaging.system]: system,
    [messaging.destination]: event.type,
    [messaging.messageId]: event.id,
    ...deliveryAttributes(event, delivery),
  };
  const now = Date.now();
  const startTime = Math.min(delivery.acceptedAt, now);
  const links = [{ context: span.spanContext() }];
  const parent = trace.setSpanContext(ROOT_CONTEXT, producer);
  tracer
    .startSpan(spanName("deliver", event), { kind: SpanKind.INTERNAL, attributes, links, startTime }, parent)
    .end(now);
}
