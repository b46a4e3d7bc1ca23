import type { Middleware } from "../../bus/middleware.ts";
import { DeliverySpans } from "./deliver.ts";
import { oneOf } from "./one-of.ts";
import { type ProcessParent, processBatch, processDelivery } from "./process.ts";
import { sdkTracer } from "./sdk-tracer.ts";
import { send } from "./send.ts";

/** Options of {@link tracing}. */
export interface TracingOptions {
  /**
   * What the span of an attempt is a child of. It is linked to the span of the publish in any case. `none`: each attempt begins a trace
   * of its own. `producer`: the span of the publish, so that a flow is one trace. `active`: the span that is active when the attempt
   * begins, such as that of the invocation in a Lambda function. Default `none`.
   */
  readonly parent?: ProcessParent;
  /** Whether events that report the end of a model's, a tool's or an agent's work become spans of that work. Default true. */
  readonly genAi?: boolean;
}

/**
 * Middleware that traces a bus by OpenTelemetry's API: a span `send TYPE` for every publish, `deliver TYPE` for the time that an
 * event waited for its first attempt, and `process TYPE` for every attempt, in a batch for all its events at once. The trace goes with the
 * event in `metadata.traceparent`, through every engine. While no SDK is registered it does nothing. Throws `invalid_config`.
 */
export function tracing(options: TracingOptions = {}): Middleware {
  const parent = oneOf("parent", options.parent ?? "none", ["none", "producer", "active"]);
  const genAi = oneOf("genAi", options.genAi ?? true, [true, false]);
  const settings = { parent, spans: new DeliverySpans() };
  return {
    publish(entry, next) {
      const tracer = sdkTracer();
      return tracer === undefined ? next(entry) : send(tracer, entry, next, genAi);
    },
    handle(event, handler, next) {
      const tracer = sdkTracer();
      // Of a batch there is one span.
      if (tracer === undefined || handler.inBatch === true) return next();
      return processDelivery(tracer, { event, handler, next }, settings);
    },
    async batch(events, batch, next) {
      const tracer = sdkTracer();
      return tracer === undefined ? next() : processBatch(tracer, { events, batch, next }, settings);
    },
  };
}
