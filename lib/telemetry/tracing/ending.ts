import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { isParked } from "../../delivery/parked-error.ts";
import { BusError } from "../../error/bus-error.ts";
import { messageOf } from "../../error/message-of.ts";
import { isError, readField } from "../../error/thrown.ts";
import type { Event } from "../../event/event.ts";
import { messaging, otherError, own } from "../semconv.ts";
import type { SpanShape } from "../span-shape.ts";

/** Ends a span with what was thrown: its code, or the class of an error that has none, and its message. Never its stack. */
export function endFailed(span: Span, thrown: unknown): void {
  setFailed(span, errorTypeOf(thrown), messageOf(thrown));
  span.end();
}

/** Failed events that the span of a batch tells of. */
const mostFailures = 100;

/** Ends the span of a batch whose handler has returned: with each event that it has failed, and as failed where it has failed any. */
export function endBatch(span: Span, failed: ReadonlyMap<Event, unknown>, size: number): void {
  const failures = [...failed].filter(([, thrown]) => !isParked(thrown));
  for (const [event, thrown] of failures.slice(0, mostFailures)) {
    span.addEvent(own.failed, { [messaging.messageId]: event.id, [messaging.errorType]: errorTypeOf(thrown) });
  }
  const [first] = failures;
  if (first !== undefined) setFailed(span, errorTypeOf(first[1]), `${failures.length} of ${size} events failed`);
  span.end();
}

/** Ends the span of something that is over. */
export function endShape(span: Span, { endMs, errorMessage, errorType }: SpanShape): void {
  if (errorType !== undefined) setFailed(span, errorType, errorMessage);
  span.end(endMs);
}

function setFailed(span: Span, errorType: string, message: string | undefined): void {
  span.setAttribute(messaging.errorType, errorType);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
}

function errorTypeOf(thrown: unknown): string {
  if (thrown instanceof BusError) return thrown.code;
  const name = isError(thrown) ? readField(thrown, "name") : undefined;
  return typeof name === "string" && name !== "" ? name : otherError;
}
