import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

/** OpenTelemetry's SDK, registered for the whole process, whose spans stay in memory. */
export class SpanRecorder {
  readonly #exporter = new InMemorySpanExporter();

  register(): void {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#exporter)] });
    trace.setGlobalTracerProvider(provider);
  }

  unregister(): void {
    trace.disable();
    context.disable();
    this.#exporter.reset();
  }

  get all(): ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  /** Those of a name, in the order in which they ended. */
  named(name: string): ReadableSpan[] {
    return this.all.filter((span) => span.name === name);
  }

  /** The only one of a name. */
  one(name: string): ReadableSpan {
    const [span, ...more] = this.named(name);
    if (span === undefined || more.length > 0) {
      throw new Error(
        `${more.length + (span ? 1 : 0)} spans ${name} among ${this.all.map((one) => one.name).join(", ")}`,
      );
    }
    return span;
  }
}
