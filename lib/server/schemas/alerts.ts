import * as z from "zod";

/** The alerts that are active. */
export const alertListSchema = z
  .object({
    alerts: z.array(
      z
        .object({
          id: z.string().meta({ description: "Of the event that raised it." }),
          alert: z.string().meta({ description: "The rule." }),
          metric: z.string(),
          subject: z.string().meta({ description: "The flow, type, agent or subscription." }),
          value: z.number().meta({ description: "In milliseconds where it is a time." }),
          threshold: z.number(),
          severity: z.enum(["info", "warning", "critical"]),
          since: z.string().meta({ description: "RFC 3339." }),
          source: z.string().meta({ description: "Who raised it." }),
        })
        .meta({ id: "ActiveAlert" }),
    ),
  })
  .meta({ id: "AlertList" });
