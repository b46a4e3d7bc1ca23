import { type Context, context, ROOT_CONTEXT, type Span, SpanKind, type Tracer, trace } from "@opentelemetry/api";
import { runContext } from "../../delivery/run-context.ts";
import type { Appended, Entry } from "../../engine/event-log.ts";
import type { Event } from "../../event/event.ts";
import type { PublishNext } from "../../publish/middleware.ts";
import { genAiSpan } from "../gen-ai.ts";
import { messagingAttributes, spanName } from "../messaging.ts";
import { own } from "../semconv.ts";
import { endFailed, endShape } from "./ending.ts";
import { contextOf, metadataOf } from "./trace-context.ts";

/** Publishes within a span, whose context goes with the event. */
export function send(tracer: Tracer, entry: Entry, next: PublishNext, genAi: boolean): Appended | Promise<Appended> {
  const { event } = entry;
  const carried = contextOf(event.metadata);
  const inherited = isInherited(event);
  const parent = parentOf(inherited ? carried : undefined);
  // A context that the publisher has given says where the event was made: it stays, and is linked.
  const given = inherited ? undefined : carried;
  const span = tracer.startSpan(
    spanName("send", event),
    {
      kind: SpanKind.PRODUCER,
      attributes: messagingAttributes("send", event),
      ...(given === undefined ? {} : { links: [{ context: given }] }),
    },
    parent,
  );
  const sent = given === undefined ? withContext(entry, span) : entry;
  const ended = (appended: Appended): Appended => {
    if (appended.duplicate) span.setAttribute(own.duplicate, true);
    span.end();
    if (genAi && !appended.duplicate) traceWork(tracer, event, parent);
    return appended;
  };
  const failed = (thrown: unknown): never => {
    endFailed(span, thrown);
    throw thrown;
  };
  try {
    const appended = context.with(trace.setSpan(parent, span), next, undefined, sent);
    return appended instanceof Promise ? appended.then(ended, failed) : ended(appended);
  } catch (thrown) {
    return failed(thrown);
  }
}

/** Whether the trace of an event is that of the event being handled, which each publish of a handler takes over. */
function isInherited({ metadata }: Event): boolean {
  const cause = runContext.getStore()?.event.metadata.traceparent;
  return cause !== undefined && cause === metadata.traceparent;
}

/** The span that is active; without one, in a handler, the span that the handled event was published in. */
function parentOf(inherited: ReturnType<typeof contextOf>): Context {
  const active = context.active();
  if (inherited === undefined || trace.getSpanContext(active) !== undefined) return active;
  return trace.setSpanContext(ROOT_CONTEXT, inherited);
}

function withContext(entry: Entry, span: Span): Entry {
  const spanContext = span.spanContext();
  const { event } = entry;
  const { traceparent: _, tracestate: __, ...metadata } = event.metadata;
  return {
    ...entry,
    event: Object.freeze({ ...event, metadata: Object.freeze({ ...metadata, ...metadataOf(spanContext) }) }),
  };
}

/** What the event reports the end of, as a span beside that of the publish. */
function traceWork(tracer: Tracer, event: Event, parent: Context): void {
  const shape = genAiSpan(event);
  if (shape === undefined) return;
  const kind = shape.kind === "client" ? SpanKind.CLIENT : SpanKind.INTERNAL;
  const { attributes, startMs, name } = shape;
  endShape(tracer.startSpan(name, { kind, attributes, startTime: startMs }, parent), shape);
}
