import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { BusError } from "../../error/bus-error.ts";
import { messageOf } from "../../error/message-of.ts";
import { isError, readField } from "../../error/thrown.ts";
import { messaging, otherError } from "../semconv.ts";
import type { SpanShape } from "../span-shape.ts";

/** Ends a span with what was thrown: its code, or the class of an error that has none, and its message. Never its stack. */
export function endFailed(span: Span, thrown: unknown): void {
  setFailed(span, errorTypeOf(thrown), messageOf(thrown));
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
