// The public entry `wagglebus/telemetry`: spans by OpenTelemetry's API, which the program has to have.
export { genAiVersion, messagingVersion } from "./semconv.ts";
export { type TracingOptions, tracing } from "./tracing/tracing.ts";
