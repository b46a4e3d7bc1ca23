// The messages of opentelemetry/proto/collector/trace/v1/trace_service.proto 1.x that are read or written here, and of them the fields
// that are: an unknown field is skipped. Numbers of fields are fixed for good there.

const repeated = (type: string, id: number) => ({ rule: "repeated", type, id });
const field = (type: string, id: number) => ({ type, id });

export default {
  nested: {
    TraceRequest: { fields: { resourceSpans: repeated("ResourceSpans", 1) } },
    ResourceSpans: { fields: { resource: field("Resource", 1), scopeSpans: repeated("ScopeSpans", 2) } },
    Resource: { fields: { attributes: repeated("KeyValue", 1) } },
    ScopeSpans: { fields: { scope: field("Scope", 1), spans: repeated("Span", 2) } },
    Scope: { fields: { name: field("string", 1) } },
    Span: {
      fields: {
        traceId: field("bytes", 1),
        spanId: field("bytes", 2),
        parentSpanId: field("bytes", 4),
        name: field("string", 5),
        startTimeUnixNano: field("fixed64", 7),
        endTimeUnixNano: field("fixed64", 8),
        attributes: repeated("KeyValue", 9),
        status: field("SpanStatus", 15),
      },
    },
    SpanStatus: { fields: { message: field("string", 2), code: field("int32", 3) } },
    KeyValue: { fields: { key: field("string", 1), value: field("AnyValue", 2) } },
    AnyValue: {
      oneofs: {
        value: {
          oneof: ["stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "bytesValue"],
        },
      },
      fields: {
        stringValue: field("string", 1),
        boolValue: field("bool", 2),
        intValue: field("int64", 3),
        doubleValue: field("double", 4),
        arrayValue: field("ArrayValue", 5),
        kvlistValue: field("KeyValueList", 6),
        bytesValue: field("bytes", 7),
      },
    },
    ArrayValue: { fields: { values: repeated("AnyValue", 1) } },
    KeyValueList: { fields: { values: repeated("KeyValue", 1) } },
    TraceResponse: { fields: { partialSuccess: field("PartialSuccess", 1) } },
    PartialSuccess: { fields: { rejectedSpans: field("int64", 1), errorMessage: field("string", 2) } },
    Status: { fields: { code: field("int32", 1), message: field("string", 2) } },
  },
};
