import { createTraceState, isSpanContextValid, type SpanContext } from "@opentelemetry/api";
import type { EventMetadata } from "../../event/event.ts";

const form = /^[0-9a-f]{2}-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})/;
/** Of a tracestate in an event's metadata. */
const longestState = 512;

/** The trace context that an event carries; `undefined` where it has none, or none that is valid. */
export function contextOf({
  traceparent,
  tracestate,
}: Pick<EventMetadata, "traceparent" | "tracestate">): SpanContext | undefined {
  const { traceId, spanId, flags } = form.exec(traceparent ?? "")?.groups ?? {};
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  const context: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
  return isSpanContextValid(context) ? context : undefined;
}

/** The fields of an event's metadata that carry a context; a state that is too long for an event is left out. */
export function metadataOf({
  spanId,
  traceFlags,
  traceId,
  traceState,
}: SpanContext): Pick<EventMetadata, "traceparent" | "tracestate"> {
  const state = traceState?.serialize() ?? "";
  const flags = traceFlags.toString(16).padStart(2, "0");
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    ...(state === "" || state.length > longestState ? {} : { tracestate: state }),
  };
}
