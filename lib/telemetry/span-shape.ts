/** A value of an attribute. */
export type AttributeValue = string | number | boolean | string[];

/** What is said of a span. */
export type SpanAttributes = Record<string, AttributeValue>;

/** A span of something that is over, as an event reports it. */
export interface SpanShape {
  readonly name: string;
  readonly kind: "client" | "internal";
  readonly attributes: SpanAttributes;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  /** Milliseconds since 1970. */
  readonly endMs: number;
  /** `error.type`; absent where it went well. */
  readonly errorType?: string;
  /** What went wrong, where the event says so. */
  readonly errorMessage?: string;
}
