import { type EventBridgeClient, PutEventsCommand, type PutEventsResultEntry } from "@aws-sdk/client-eventbridge";
import { type BusConfig, type PutEntry, putEntryBytes, toPutEntry } from "../../../aws-shared/index.ts";
import { BusError, type BusErrorCode } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { eventTooLarge, maxEventBytes } from "../../../event/size.ts";
import { toBusErrorOfAws } from "../aws-error.ts";
import type { BatchTarget } from "./batch-target.ts";

/** An entry of PutEvents, its bus included. */
export interface BusEntry extends PutEntry {
  readonly EventBusName: string;
}

/** At 20 ms a request 16,000 events a second, above what a Region takes of an account unless its quota was raised. */
const maxRequests = 32;

/** Codes of single entries that EventBridge documents as worth another try; all others are final. */
const entryCodes: Readonly<Record<string, { code: BusErrorCode; retryable: boolean }>> = {
  ThrottlingException: { code: "throttled", retryable: true },
  InternalFailure: { code: "unavailable", retryable: true },
  InternalException: { code: "unavailable", retryable: true },
  InvalidArgument: { code: "invalid_event", retryable: false },
  MalformedDetail: { code: "invalid_event", retryable: false },
};

/** The bus as a target of batches. */
export function busTarget<Item extends { readonly event: Event }>(
  client: EventBridgeClient,
  config: BusConfig,
  ended: BatchTarget<Item, BusEntry>["ended"],
): BatchTarget<Item, BusEntry> {
  const { bus, busArn, maxRequestBytes } = config;
  const maxBytes = Math.min(maxRequestBytes, maxEventBytes);
  const what = `bus ${bus}`;
  return {
    maxBytes: maxRequestBytes,
    maxRequests,
    entryOf: ({ event }) => ({ ...toPutEntry(event), EventBusName: busArn ?? bus }),
    bytesOf: (entry, { event }) => {
      const bytes = putEntryBytes(entry);
      if (bytes > maxBytes) throw eventTooLarge(event, bytes, maxBytes);
      return bytes;
    },
    send: async (entries) => {
      try {
        const { Entries = [], FailedEntryCount } = await client.send(new PutEventsCommand({ Entries: [...entries] }));
        if (FailedEntryCount === 0 && Entries.length === entries.length) return [];
        return entries.map((_, index) => entryError(Entries[index], what));
      } catch (thrown) {
        const error = toBusErrorOfAws(thrown, what);
        throw entries.length === 1 && mayBeOneEntry(error) ? ofTheEvent(error) : error;
      }
    },
    mayBeOneEntry,
    ended,
  };
}

/** A request that is malformed or too large as a whole; being refused access or slowed down concerns them all. */
export function mayBeOneEntry({ code, retryable, details }: BusError): boolean {
  return !retryable && code === "unavailable" && (details.status === 400 || details.status === 413);
}

/** A request of a single entry was refused, so it is the event that EventBridge does not take. */
function ofTheEvent({ message, cause, details }: BusError): BusError {
  return new BusError(details.status === 413 ? "event_too_large" : "invalid_event", message, { cause, details });
}

function entryError(result: PutEventsResultEntry | undefined, what: string): BusError | undefined {
  if (result?.EventId !== undefined && result.ErrorCode === undefined) return undefined;
  if (result?.ErrorCode === undefined) {
    return new BusError("unavailable", `${what}: the answer does not say whether the event was taken`);
  }
  const { ErrorCode, ErrorMessage = "no message" } = result;
  const { code, retryable } = entryCodes[ErrorCode] ?? { code: "unavailable", retryable: false };
  return new BusError(code, `${what}: ${ErrorCode}: ${ErrorMessage}`, { retryable, details: { awsError: ErrorCode } });
}
