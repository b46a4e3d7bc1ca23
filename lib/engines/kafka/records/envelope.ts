import * as z from "zod";
import { BusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import { describeIssues } from "../../../event/issues.ts";
import { metadataNames } from "../../../event/metadata.ts";
import { normalizeTime } from "../../../event/time.ts";

// The envelope of platforms that publish to Kafka from Python: `event_id`, `event_type`, `timestamp`, `source_service`,
// `payload`, `metadata`, all in snake case.

const snakeNames: ReadonlyMap<string, string> = new Map([...metadataNames].map((name) => [name, toSnake(name)]));
const camelNames: ReadonlyMap<string, string> = new Map([...snakeNames].map(([camel, snake]) => [snake, camel]));

/** A field of metadata that Waggle does not know is kept as a tag of this form. */
const tagPrefix = "meta-";
const longestTag = 256;
const mostTags = 50;

function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The JSON of an event as an envelope. */
export function toEnvelope({ data, id, metadata, source, time, type }: Event): string {
  const snake: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(metadata)) {
    snake[snakeNames.get(name) ?? name] = name === "version" ? `${value}.0` : value;
  }
  return JSON.stringify({
    event_id: id,
    event_type: type,
    timestamp: time,
    source_service: source,
    payload: data,
    metadata: snake,
  });
}

const schema = z.looseObject({
  event_id: z.string().exactOptional(),
  event_type: z.string(),
  timestamp: z.union([z.string(), z.number()]).exactOptional(),
  source_service: z.string(),
  payload: z.unknown().optional(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
});

/** Whether a parsed value claims to be an envelope. */
export function isEnvelope(value: unknown): boolean {
  return typeof value === "object" && value !== null && "event_type" in value;
}

/** The draft of a parsed envelope. Throws `invalid_event`. */
export function fromEnvelope(value: unknown): Record<string, unknown> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [first] = describeIssues(parsed.error, value, "");
    throw new BusError("invalid_event", `the envelope cannot be read: ${first?.path} ${first?.problem}`);
  }
  const { event_id: id, event_type: type, metadata, payload, source_service: source, timestamp } = parsed.data;
  return {
    type,
    source,
    ...(id === undefined ? {} : { id }),
    ...(timestamp === undefined ? {} : { time: timeOf(timestamp) }),
    data: payload ?? {},
    metadata: metadataOf(metadata ?? {}),
  };
}

/** Python's `isoformat` names no offset, and `time.time()` is in seconds: both mean UTC. */
function timeOf(given: string | number): string {
  if (typeof given === "number") {
    const ms = given * 1_000;
    return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : String(given);
  }
  return normalizeTime(given) ?? normalizeTime(`${given.replace(" ", "T")}Z`) ?? given;
}

function metadataOf(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const metadata: Record<string, unknown> = {};
  const extra: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue;
    const known = camelNames.get(name) ?? (metadataNames.has(name) ? name : undefined);
    if (known === undefined) extra.push(...tagOf(name, value));
    else metadata[known] = known === "version" ? versionOf(value) : value;
  }
  if (extra.length === 0) return metadata;
  const tags = Array.isArray(metadata.tags) ? metadata.tags : [];
  return { ...metadata, tags: [...tags, ...extra].slice(0, Math.max(mostTags, tags.length)) };
}

/** A version of this form is that of the schema: its first number counts. */
function versionOf(value: unknown): unknown {
  const digits = typeof value === "string" ? /^v?(\d{1,9})(\.\d+)*$/.exec(value)?.[1] : undefined;
  return digits === undefined ? value : Math.max(1, Number(digits));
}

function tagOf(name: string, value: unknown): string[] {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return [];
  const tag = `${tagPrefix}${name}:${value}`;
  return tag.length > longestTag ? [] : [tag];
}
