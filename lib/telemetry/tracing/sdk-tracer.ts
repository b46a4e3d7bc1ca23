import { ProxyTracerProvider, type Tracer, trace } from "@opentelemetry/api";
import { schemaUrl, scopeName } from "../semconv.ts";

const options = { schemaUrl };

/** The tracer of the SDK that is registered now; `undefined` while none is, and then nothing else need be done. */
export function sdkTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider
    ? provider.getDelegateTracer(scopeName, undefined, options)
    : provider.getTracer(scopeName, undefined, options);
}
