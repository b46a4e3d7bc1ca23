import * as z from "zod";

// OTLP in its JSON form, as the file exporter of a collector writes it: ids are in hex, 64-bit numbers are texts. The binary form is
// brought to the same shape.

interface AnyValue {
  stringValue?: string | undefined;
  boolValue?: boolean | undefined;
  intValue?: string | number | undefined;
  doubleValue?: string | number | undefined;
  arrayValue?: { values?: AnyValue[] | undefined } | undefined;
  kvlistValue?: { values?: { key: string; value: AnyValue }[] | undefined } | undefined;
}
const anyValue: z.ZodType<AnyValue> = z.lazy(() =>
  z.looseObject({
    stringValue: z.string().optional(),
    boolValue: z.boolean().optional(),
    intValue: z.union([z.string(), z.number()]).optional(),
    // What is no number of JSON comes as "NaN" or "Infinity".
    doubleValue: z.union([z.string(), z.number()]).optional(),
    arrayValue: z.looseObject({ values: z.array(anyValue).optional() }).optional(),
    kvlistValue: z
      .looseObject({ values: z.array(z.looseObject({ key: z.string(), value: anyValue })).optional() })
      .optional(),
  }),
);
const attributes = z.array(z.looseObject({ key: z.string(), value: anyValue })).optional();
/** A whole number of 64 bits, which JSON holds as a text, or as a number that need not be exact. */
const nanoseconds = z.union([z.string(), z.number()]).refine(
  (value) => {
    const digits = typeof value === "number" || /^\d{1,20}$/.test(value);
    return digits && Number.isInteger(Number(value)) && Number(value) >= 0 && Number(value) <= 2 ** 64;
  },
  { error: "must be a whole number of nanoseconds" },
);
const span = z.looseObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/i),
  spanId: z.string().regex(/^[0-9a-f]{16}$/i),
  parentSpanId: z.string().optional(),
  name: z.string().optional(),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  status: z
    .looseObject({ code: z.union([z.number(), z.string()]).optional(), message: z.string().optional() })
    .optional(),
});

/** A request that exports spans. */
export const traceRequest = z.looseObject({
  resourceSpans: z.array(
    z.looseObject({
      resource: z.looseObject({ attributes }).optional(),
      scopeSpans: z
        .array(
          z.looseObject({
            scope: z.looseObject({ name: z.string().optional() }).optional(),
            spans: z.array(span).optional(),
          }),
        )
        .optional(),
    }),
  ),
});

/** One span of a request. */
export type Span = z.infer<typeof span>;
/** Attributes as plain values. */
export type Values = Readonly<Record<string, unknown>>;

/** The attributes of a span or a resource as plain values, all of which JSON holds. */
export function valuesOf(list: z.infer<typeof attributes>): Values {
  return Object.fromEntries((list ?? []).map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue(value: AnyValue): unknown {
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plainValue);
  if (value.kvlistValue !== undefined) {
    return Object.fromEntries((value.kvlistValue.values ?? []).map((one) => [one.key, plainValue(one.value)]));
  }
  const { intValue, doubleValue } = value;
  // An event refuses integers that are not exact, and JSON has neither NaN nor infinity: those stay texts.
  if (intValue !== undefined) return Number.isSafeInteger(Number(intValue)) ? Number(intValue) : String(intValue);
  if (doubleValue !== undefined) return isExact(Number(doubleValue)) ? Number(doubleValue) : String(doubleValue);
  return value.stringValue ?? value.boolValue ?? null;
}

function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
