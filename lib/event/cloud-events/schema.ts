import * as z from "zod";

/** A CloudEvent 1.0 in its JSON format. Extension attributes lie beside the others. */
export const cloudEventSchema = z
  .looseObject({
    specversion: z.literal("1.0"),
    id: z.string().min(1),
    source: z.string().min(1),
    type: z.string().min(1),
    time: z.string().exactOptional(),
    subject: z.string().exactOptional(),
    datacontenttype: z.string().exactOptional(),
    dataschema: z.string().exactOptional(),
    data: z.unknown().optional(),
    data_base64: z.string().exactOptional(),
  })
  .meta({ id: "CloudEvent" });

export type CloudEvent = z.infer<typeof cloudEventSchema>;
