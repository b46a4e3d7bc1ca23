import * as z from "zod";

const duration = z.union([z.string(), z.number()]).meta({ description: '"30s", "5m", or milliseconds.' });
const keyPath = z.string().meta({ description: "`source`, `type`, `data.…` or `metadata.…`" });

/** The settings of a subscription in their shape. What each must be, the bus says. */
export const subscriptionSettingsSchema = z
  .looseObject({
    on: z.union([z.string(), z.array(z.string())]),
    where: z.looseObject({}).exactOptional(),
    attempts: z.number().exactOptional(),
    backoff: z.looseObject({ from: duration.exactOptional(), to: duration.exactOptional() }).exactOptional(),
    ackTimeout: duration.exactOptional().meta({
      description: "How long a consumer has for a delivery before it returns; default 30 s. The same as `timeout`.",
    }),
    timeout: duration.exactOptional(),
    concurrency: z.number().exactOptional(),
    concurrencyPerKey: z.looseObject({ key: keyPath, limit: z.number() }).exactOptional(),
    throttle: z.looseObject({ limit: z.number(), per: duration, key: keyPath.exactOptional() }).exactOptional(),
    ordered: keyPath.exactOptional(),
    idempotent: z.boolean().exactOptional(),
    dedupeFor: duration.exactOptional(),
    from: z.string().exactOptional().meta({ description: '"now" (default), "beginning", or a time.' }),
    maxBacklog: z.number().exactOptional(),
  })
  .meta({ id: "SubscriptionSettings" });

/** A subscription as it is stored, durations in milliseconds. */
export const subscriptionRecordSchema = z
  .object({
    name: z.string(),
    on: z.array(z.string()),
    where: z.record(z.string(), z.unknown()).exactOptional(),
    attempts: z.int(),
    backoff: z.object({ from: z.number(), to: z.number() }),
    timeout: z.number(),
    concurrency: z.int(),
    concurrencyPerKey: z.object({ key: z.string(), limit: z.int() }).exactOptional(),
    throttle: z.object({ limit: z.int(), per: z.number(), key: z.string().exactOptional() }).exactOptional(),
    ordered: z.string().exactOptional(),
    idempotent: z.boolean(),
    dedupeFor: z.number(),
    from: z.string(),
    maxBacklog: z.int().exactOptional(),
  })
  .meta({ id: "Subscription" });

const quantiles = z.object({ p50: z.number(), p95: z.number() });

/** How fast deliveries ended, by the minute, and how long they took in milliseconds. */
export const subscriptionRatesSchema = z
  .object({
    handledPerMinute: z.number(),
    failedPerMinute: z.number().meta({ description: "Failed attempts of deliveries that ended." }),
    deadPerMinute: z.number(),
    runMs: quantiles.exactOptional(),
    waitMs: quantiles.exactOptional().meta({ description: "From acceptance to the end, without the last run." }),
  })
  .meta({ id: "SubscriptionRates" });

/** A subscription and how it stands. */
export const subscriptionStateSchema = z
  .object({
    record: subscriptionRecordSchema,
    ephemeral: z.boolean(),
    waiting: z.int(),
    delayed: z.int(),
    running: z.int(),
    oldestAgeMs: z.number(),
    deadLetters: z.int(),
    handled: z
      .literal(false)
      .exactOptional()
      .meta({ description: "Where the engine knows that no process handles it now." }),
    paused: z.literal(true).exactOptional().meta({ description: "Where it is paused for all processes." }),
    backfilling: z.literal(true).exactOptional(),
  })
  .meta({ id: "SubscriptionState" });
