import * as z from "zod";

/** The media type of what the AWS SDKs send and read: JSON by the rules of `awsJson1_1`. */
export const awsJsonType = "application/x-amz-json-1.1";

/** The operation as SDKs name it in `X-Amz-Target`. */
export const putEventsTarget = "AWSEvents.PutEvents";

const text = z.string().nullish();

/** One entry. What it must have is checked entry by entry, since a bad one harms no other. */
export const putEntrySchema = z
  .object({
    Source: text,
    DetailType: text.meta({ description: "The type of the event." }),
    Detail: text.meta({
      description:
        "JSON text: `{ id, time, data, metadata }`, of which `data` is required, or any other object, which becomes `data`.",
    }),
    Time: z.number().nullish().meta({ description: "Seconds since 1970, with fractions." }),
    Resources: z.array(z.string()).nullish().meta({ description: "Kept as tags `resource:<text>`." }),
    EventBusName: text.meta({ description: "Any: a server has one bus." }),
    TraceHeader: text.meta({ description: "X-Ray's header; it becomes `metadata.traceparent`." }),
  })
  .meta({ id: "PutEventsRequestEntry" });

export type PutEntry = z.infer<typeof putEntrySchema>;

export const putEventsRequestSchema = z
  .object({ Entries: z.array(putEntrySchema).meta({ description: "1 to 10." }) })
  .meta({ id: "PutEventsRequest" });

/** What became of each entry, in order. */
export const putEventsResponseSchema = z
  .object({
    FailedEntryCount: z.int(),
    Entries: z.array(
      z.union([z.object({ EventId: z.string() }), z.object({ ErrorCode: z.string(), ErrorMessage: z.string() })]),
    ),
  })
  .meta({ id: "PutEventsResponse" });

export type PutEventsResponse = z.infer<typeof putEventsResponseSchema>;
