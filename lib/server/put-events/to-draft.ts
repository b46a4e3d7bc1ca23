import { BusError } from "../../error/bus-error.ts";
import { messageOf } from "../../error/message-of.ts";
import { shortForm } from "../../error/short-form.ts";
import { isRecord } from "../../runtime/is-record.ts";
import type { PutEntry } from "./schema.ts";

/** What EventBridge counts for a Time. */
const timeBytes = 14;
/** Milliseconds since 1970 that a Date can hold. */
const longestTimeMs = 8.64e15;

const xRayForm = /^(?=.*\bRoot=1-([0-9a-f]{8})-([0-9a-f]{24})\b)(?=.*\bParent=([0-9a-f]{16})\b)/i;

/** Bytes of an entry as EventBridge counts them against the limit of a request. */
export function entryBytes({ Time, Source, DetailType, Detail, Resources }: PutEntry): number {
  const texts = [Source ?? "", DetailType ?? "", Detail ?? "", ...(Resources ?? [])];
  return texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), typeof Time === "number" ? timeBytes : 0);
}

/**
 * The draft of an entry, as an engine on EventBridge would read it: a Detail `{ id, time, data, metadata }` is an event of ours,
 * any other object is the data. Throws `invalid_event`; `details.awsError` is the code that EventBridge gives for it.
 */
export function entryToDraft(entry: PutEntry): Record<string, unknown> {
  const Source = required("Source", entry.Source);
  const DetailType = required("DetailType", entry.DetailType);
  const Detail = required("Detail", entry.Detail);
  if (Source.startsWith("aws.")) {
    throw invalid(
      "NotAuthorizedForSourceException",
      `Not authorized for the source: ${shortForm(Source)} is AWS's own`,
    );
  }
  const { time: happened, metadata: given, ...detail } = shapeOf(parseDetail(Detail));
  const time = happened ?? timeOf(entry.Time);
  const metadata = withEnvelope(given, entry);
  return {
    type: DetailType,
    source: Source,
    ...detail,
    ...(time === undefined ? {} : { time }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function required(name: "Source" | "DetailType" | "Detail", value: string | null | undefined): string {
  if (value !== undefined && value !== null && value !== "") return value;
  throw invalid("InvalidArgument", `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
}

function parseDetail(text: string): Record<string, unknown> {
  let detail: unknown;
  try {
    detail = JSON.parse(text);
  } catch (thrown) {
    throw invalid("MalformedDetail", `Detail is malformed: ${messageOf(thrown)}`);
  }
  if (isRecord(detail)) return detail;
  throw invalid("MalformedDetail", `Detail is malformed: it must be a JSON object, not ${shortForm(detail)}`);
}

const ownFields: ReadonlySet<string> = new Set(["id", "time", "data", "metadata"]);

function shapeOf(detail: Record<string, unknown>): Record<string, unknown> {
  const isOurs = Object.hasOwn(detail, "data") && Object.keys(detail).every((name) => ownFields.has(name));
  return isOurs ? detail : { data: detail };
}

function timeOf(seconds: number | null | undefined): string | undefined {
  if (seconds === undefined || seconds === null) return undefined;
  const ms = Math.round(seconds * 1_000);
  if (Math.abs(ms) <= longestTimeMs) return new Date(ms).toISOString();
  throw invalid(
    "InvalidArgument",
    `Parameter Time is not valid. Reason: ${seconds} is not a time in seconds since 1970.`,
  );
}

/** What the envelope says that the metadata do not. Metadata that are none are for the bus to refuse. */
function withEnvelope(given: unknown, { Resources, TraceHeader }: PutEntry): unknown {
  const own = given === undefined ? {} : given;
  const resources = Resources ?? [];
  const [, epoch, unique, parent] = xRayForm.exec(TraceHeader ?? "") ?? [];
  if (!isRecord(own) || (resources.length === 0 && epoch === undefined)) return given;
  const { tags = [], traceparent } = own;
  const flags = /\bSampled=1\b/i.test(TraceHeader ?? "") ? "01" : "00";
  return {
    ...own,
    ...(epoch === undefined || traceparent !== undefined
      ? {}
      : { traceparent: `00-${epoch}${unique}-${parent}-${flags}`.toLowerCase() }),
    ...(resources.length === 0 || !Array.isArray(tags)
      ? {}
      : { tags: [...tags, ...resources.map((resource) => `resource:${resource}`)] }),
  };
}

function invalid(awsError: string, message: string): BusError {
  return new BusError("invalid_event", message, { details: { awsError } });
}
