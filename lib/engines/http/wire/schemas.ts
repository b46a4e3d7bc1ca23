import * as z from "zod";
import { capabilities } from "../../../engine/capabilities.ts";
import type {
  DeadLetter,
  Delivery,
  EndedDelivery,
  EndedSample,
  Outcome,
  PendingDelivery,
} from "../../../engine/delivery.ts";
import type { ErasureCounts, ErasureSelection } from "../../../engine/erasure.ts";
import type { Entry, Position, RecordedEvent } from "../../../engine/event-log.ts";
import type { SubscriptionState } from "../../../engine/subscription-store.ts";
import { readErrorCode } from "../../../error/bus-error.ts";
import { failureSchema } from "../../../error/failure.ts";
import type { Event } from "../../../event/event.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";

// What the ports of an engine look like as JSON, for the http engine and for the server that it speaks to.

const text = z.string().exactOptional();

/** An event of an engine, whose bus has checked it. Not copied, so that what it holds stays as it was. */
export const wireEvent = z.custom<Event>(
  (value) => eventShape.safeParse(value).success,
  "must be an event with id, type, source, time, data and metadata",
);

const eventShape = z.object({
  id: z.string().min(1).max(128),
  type: z.string().min(1).max(128),
  source: z.string().min(1).max(256),
  time: z.string(),
  data: z.unknown(),
  metadata: z.object({
    version: z.number(),
    correlationId: z.string(),
    priority: z.number(),
    causationId: text,
    hops: z.number().exactOptional(),
    expiresAt: text,
    deliverAt: text,
    tags: z.array(z.string()).exactOptional(),
    traceparent: text,
    tracestate: text,
    replay: z.object({ id: z.string() }).exactOptional(),
    erased: z.object({ at: z.string() }).exactOptional(),
  }),
});

export const entrySchema = z.strictObject({
  event: wireEvent,
  ownId: z.boolean(),
  history: z.boolean(),
  inHandler: z.boolean(),
}) satisfies z.ZodType<Entry>;

export const positionSchema = z.union([z.number(), z.string()]) satisfies z.ZodType<Position>;

export const recordedEventSchema = z.object({
  event: wireEvent,
  acceptedAt: z.number(),
}) satisfies z.ZodType<RecordedEvent>;

export const logEntrySchema = recordedEventSchema.extend({ position: positionSchema });

export const deadLetterWire = z.object({
  id: z.string(),
  subscription: text,
  replayId: text,
  event: wireEvent,
  reason: failureSchema,
  attempts: z.number(),
  failures: z.array(failureSchema),
  acceptedAt: z.string(),
  deadAt: z.string(),
}) satisfies z.ZodType<DeadLetter>;

export const pendingWire = z.object({
  subscription: z.string(),
  eventId: z.string(),
  type: z.string(),
  state: z.enum(["waiting", "delayed", "running"]),
  attempts: z.number(),
  dueAt: text,
  lastError: text,
  handled: z.literal(false).exactOptional(),
  paused: z.literal(true).exactOptional(),
}) satisfies z.ZodType<PendingDelivery>;

const endedWire = z.object({
  subscription: z.string(),
  eventId: z.string(),
  replayId: text,
  outcome: z.enum(["done", "dropped", "dead"]),
  attempts: z.number(),
  failures: z.array(z.object({ code: z.string().transform(readErrorCode), message: z.string(), count: z.number() })),
  endedAt: z.string(),
  ranMs: z.number().exactOptional(),
  totalMs: z.number(),
}) satisfies z.ZodType<EndedDelivery>;

const sampleWire = z.object({
  subscription: z.string(),
  outcome: z.enum(["done", "dropped", "dead"]),
  failures: z.number(),
  endedAt: z.number(),
  ranMs: z.number().exactOptional(),
  totalMs: z.number(),
}) satisfies z.ZodType<EndedSample>;

/** Without `ended` where the engine behind the server cannot know. */
export const recentlyEndedResult = z.object({ ended: z.array(sampleWire).exactOptional() });

/** Without `ended` where the engine behind the server cannot know. */
export const endedResult = z.object({ ended: z.array(endedWire).exactOptional() });

/** Settings of a subscription; the server makes a record of them again, which checks them. */
export const recordWire = z.custom<SubscriptionRecord>(
  (value) => z.object({ name: z.string(), on: z.array(z.string()), concurrency: z.number() }).safeParse(value).success,
  "must be the record of a subscription",
);

export const stateWire = z.object({
  record: recordWire,
  ephemeral: z.boolean(),
  waiting: z.number(),
  delayed: z.number(),
  running: z.number(),
  oldestAgeMs: z.number(),
  deadLetters: z.number(),
  handled: z.literal(false).exactOptional(),
  paused: z.literal(true).exactOptional(),
  backfilling: z.literal(true).exactOptional(),
}) satisfies z.ZodType<SubscriptionState>;

/** A delivery that a server hands to a session. */
export const deliveryWire = z.object({
  receipt: z.string(),
  consumer: z.number(),
  subscription: z.string(),
  event: wireEvent,
  attempt: z.number(),
  acceptedAt: z.number(),
  failures: z.array(failureSchema),
  redriven: z.boolean(),
  replayId: text,
}) satisfies z.ZodType<Delivery>;

const afterMs = z.number().min(0).max(39_600_000);

export const outcomeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("done") }),
  z.strictObject({ kind: z.literal("dropped") }),
  z.strictObject({ kind: z.literal("retry"), afterMs, failure: failureSchema }),
  z.strictObject({ kind: z.literal("dead"), failure: failureSchema }),
  z.strictObject({ kind: z.literal("released"), afterMs: afterMs.exactOptional() }),
]) satisfies z.ZodType<Outcome>;

/** What a client tells its session: what it can take, and how deliveries ended. */
export const sessionUpdateSchema = z.strictObject({
  /** By consumer: the subscription, and how many deliveries it may hold in all. What is not named has ended. */
  consumers: z
    .array(z.strictObject({ id: z.number(), subscription: z.string(), limit: z.int().min(0) }))
    .exactOptional(),
  settle: z
    .array(
      z.strictObject({
        receipt: z.string(),
        outcome: outcomeSchema,
        /** Milliseconds for which the handler ran, where it did: a span, as the clocks of two machines differ. */
        ranMs: z.number().min(0).exactOptional(),
      }),
    )
    .exactOptional(),
  /** Whether it wants to be told of changes. */
  watch: z.boolean().exactOptional(),
});

export type SessionUpdate = z.infer<typeof sessionUpdateSchema>;

export const engineInfoSchema = z.object({
  name: z.string(),
  capabilities: z.array(z.enum(capabilities)),
  /** Tells the bus behind the server from every other, by whatever address it is reached. */
  store: z.string(),
});

/** An error as JSON. */
export const wireError = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()),
});

export const appendResultsSchema = z.object({
  results: z.array(
    z.discriminatedUnion("ok", [
      // The stored event of a duplicate; any other is as it was sent.
      z.object({ ok: z.literal(true), event: wireEvent.exactOptional(), duplicate: z.boolean() }),
      z.object({ ok: z.literal(false), error: wireError }),
    ]),
  ),
});

export const erasureSelection = z.union([
  z.strictObject({ userId: z.string().min(1) }),
  z.strictObject({ correlationId: z.string().min(1) }),
  z.strictObject({ ids: z.array(z.string().min(1)).min(1).max(10_000) }),
]) satisfies z.ZodType<ErasureSelection>;

export const erasureCounts = z.object({
  events: z.int(),
  deadLetters: z.int(),
  digestBefore: z.string(),
  digestAfter: z.string().exactOptional(),
}) satisfies z.ZodType<ErasureCounts>;
