import * as z from "zod";
import type { Failure } from "../../../engine/delivery.ts";
import { BusError } from "../../../error/bus-error.ts";
import { failureSchema } from "../../../error/failure.ts";
import type { Event } from "../../../event/event.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";

/** A stored value that is not what this program writes. */
export function brokenRow(what: string, cause?: unknown): BusError {
  const message = `a stored row is broken: ${what}; check the file with \`PRAGMA integrity_check\``;
  return new BusError("unavailable", message, { cause, retryable: false });
}

export function integer(value: unknown): number {
  if (typeof value === "number") return value;
  throw brokenRow(`a number was expected, not ${typeof value}`);
}

export function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw brokenRow(`a text was expected, not ${typeof value}`);
}

export function optionalInteger(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : integer(value);
}

export function optionalText(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : text(value);
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

export function parseJson(value: string, what: string): unknown {
  try {
    return JSON.parse(value);
  } catch (thrown) {
    throw brokenRow(`${what} is not JSON`, thrown);
  }
}

/** Parses a stored event; frozen on all levels, as one is that was just published. */
export function parseEvent(value: unknown): Event {
  const event = parseJson(text(value), "an event");
  if (isEvent(event)) return freeze(event);
  throw brokenRow("an event lacks a field");
}

function freeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) freeze(inner);
  return Object.freeze(value);
}

/** An event where it can be read. */
export function readableEvent(value: unknown): Event | undefined {
  try {
    return parseEvent(value);
  } catch {
    return undefined;
  }
}

/** Parses the failures of a delivery; none where the column is empty. */
export function parseFailures(value: unknown): readonly Failure[] {
  if (value === null || value === undefined) return [];
  const parsed = z.array(failureSchema).safeParse(parseJson(text(value), "a list of failures"));
  if (parsed.success) return parsed.data;
  throw brokenRow("a list of failures lacks a field", parsed.error);
}

/** The failures as far as they can be read: they tell of the past, and must not stop what comes. */
export function readableFailures(value: unknown): readonly Failure[] {
  try {
    return parseFailures(value);
  } catch {
    return [];
  }
}

export function parseFailure(value: unknown): Failure {
  const parsed = failureSchema.safeParse(parseJson(text(value), "a failure"));
  if (parsed.success) return parsed.data;
  throw brokenRow("a failure lacks a field", parsed.error);
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
const recordSchema = z.object(recordShape);

/** Parses a stored subscription. */
export function parseRecord(value: unknown): SubscriptionRecord {
  const parsed = recordSchema.safeParse(parseJson(text(value), "a subscription"));
  if (parsed.success) return parsed.data;
  throw brokenRow("a subscription lacks a field", parsed.error);
}
