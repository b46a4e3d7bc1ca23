import * as z from "zod";
import type { BusError } from "../error/bus-error.ts";
import { type Failure, failureSchema } from "../error/failure.ts";
import type { Event } from "../event/event.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";

/** The error for a stored value that is not what this package writes; `what` says what is wrong with it. */
export type Broken = (what: string, cause?: unknown) => BusError;

/** Reads the JSON of a stored event; frozen on all levels, as one is that was just published. */
export function readStoredEvent(json: string, broken: Broken): Event {
  const event = readJson(json, "an event", broken);
  if (isEvent(event)) return freeze(event);
  throw broken("an event lacks a field");
}

/** Reads the JSON of a stored list of failures. */
export function readStoredFailures(json: string, broken: Broken): readonly Failure[] {
  return readStored(z.array(failureSchema), json, "a list of failures", broken);
}

/** Reads the JSON of a stored failure. */
export function readStoredFailure(json: string, broken: Broken): Failure {
  return readStored(failureSchema, json, "a failure", broken);
}

/** Reads the JSON of a stored subscription. */
export function readStoredRecord(json: string, broken: Broken): SubscriptionRecord {
  return readStored(recordSchema, json, "a subscription", broken);
}

/** Reads stored JSON by its schema; `what` names it in the error. */
export function readStored<Value>(schema: z.ZodType<Value>, json: string, what: string, broken: Broken): Value {
  const result = schema.safeParse(readJson(json, what, broken));
  if (result.success) return result.data;
  throw broken(`${what} lacks a field`, result.error);
}

function readJson(json: string, what: string, broken: Broken): unknown {
  try {
    return JSON.parse(json);
  } catch (thrown) {
    throw broken(`${what} is not JSON`, thrown);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** What every event has; checked by hand, as it is done for each stored event that is read. */
function isEvent(value: unknown): value is Event {
  if (!isObject(value) || !isObject(value.metadata)) return false;
  const { id, type, source, time, metadata } = value;
  return (
    typeof id === "string" &&
    typeof type === "string" &&
    typeof source === "string" &&
    typeof time === "string" &&
    typeof metadata.version === "number" &&
    typeof metadata.correlationId === "string" &&
    typeof metadata.priority === "number" &&
    (metadata.tags === undefined || Array.isArray(metadata.tags))
  );
}

function freeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) freeze(inner);
  return Object.freeze(value);
}

const keyLimit = { key: z.string(), limit: z.number() };

/** What is not named here is lost when a process reads it: the compiler holds it to be complete. */
const recordShape = {
  name: z.string(),
  on: z.array(z.string()),
  where: z.record(z.string(), z.unknown()).exactOptional(),
  attempts: z.number(),
  backoff: z.object({ from: z.number(), to: z.number() }),
  timeout: z.number(),
  concurrency: z.number(),
  concurrencyPerKey: z.object(keyLimit).exactOptional(),
  throttle: z.object({ limit: z.number(), per: z.number(), key: z.string().exactOptional() }).exactOptional(),
  ordered: z.string().exactOptional(),
  idempotent: z.boolean(),
  dedupeFor: z.number(),
  from: z.string(),
  maxBacklog: z.number().exactOptional(),
} satisfies Record<keyof SubscriptionRecord, z.ZodType>;
const recordSchema: z.ZodType<SubscriptionRecord> = z.object(recordShape);
