import type { Failure } from "../../../engine/delivery.ts";
import { readStoredEvent, readStoredFailure, readStoredFailures, readStoredRecord } from "../../../engine/stored.ts";
import { BusError } from "../../../error/bus-error.ts";
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

/** Parses a stored event; frozen on all levels, as one is that was just published. */
export function parseEvent(value: unknown): Event {
  return readStoredEvent(text(value), brokenRow);
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
  return readStoredFailures(text(value), brokenRow);
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
  return readStoredFailure(text(value), brokenRow);
}

/** Parses a stored subscription. */
export function parseRecord(value: unknown): SubscriptionRecord {
  return readStoredRecord(text(value), brokenRow);
}
