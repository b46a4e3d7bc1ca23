import type { Failure } from "../../../engine/delivery.ts";
import { readStoredEvent, readStoredFailure, readStoredFailures, readStoredRecord } from "../../../engine/stored.ts";
import { BusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";

/** A row of a result. */
export type Row = Readonly<Record<string, unknown>>;

/** A stored value that is not what this program writes. */
export function brokenRow(what: string, cause?: unknown): BusError {
  return new BusError("unavailable", `a stored row is broken: ${what}; somebody has changed it`, {
    cause,
    retryable: false,
  });
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

/** Parses a stored event; frozen on all levels, as one is that was just published. */
export function parseEvent(value: unknown): Event {
  return readStoredEvent(text(value), brokenRow);
}

/** The failures of a delivery as far as they can be read: they tell of the past, and must not stop what comes. */
export function readableFailures(value: unknown): readonly Failure[] {
  try {
    return value === null || value === undefined ? [] : parseFailures(value);
  } catch {
    return [];
  }
}

export function parseFailures(value: unknown): readonly Failure[] {
  return readStoredFailures(text(value), brokenRow);
}

export function parseFailure(value: unknown): Failure {
  return readStoredFailure(text(value), brokenRow);
}

export function parseRecord(value: unknown): SubscriptionRecord {
  return readStoredRecord(text(value), brokenRow);
}
