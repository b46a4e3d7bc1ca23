import { BusError } from "../error/bus-error.ts";
import type { Catalog } from "./catalog.ts";
import { JsonCopier, TooLarge } from "./copy-json.ts";
import type { EventDefinition } from "./definition.ts";
import type { Draft, Event } from "./event.ts";
import type { Json } from "./json.ts";
import { isText, metadataBytesAtMost, prepareMetadata } from "./metadata.ts";
import { didYouMean } from "./nearest.ts";
import { shortForm } from "./short-form.ts";
import { eventSize, eventTooLarge, maxEventBytes } from "./size.ts";
import { formatTime, normalizeTime } from "./time.ts";
import { typeNameProblem } from "./type-name.ts";
import { checkData } from "./validate.ts";

/** What a draft is made an event with. */
export interface PrepareContext {
  readonly catalog: Catalog;
  /** For drafts without one. */
  readonly source: string | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  nextId(): string;
  /** The event being handled, where a handler publishes. */
  readonly cause?: Event | undefined;
  /** Default {@link maxEventBytes}. */
  readonly maxBytes?: number;
}

/** A draft made an event. */
export interface PreparedEvent {
  /** Deeply frozen, and shares nothing with the draft. */
  readonly event: Event;
  /** Absent for types that need none. */
  readonly definition: EventDefinition | undefined;
  /** Whether the caller gave the id. */
  readonly ownId: boolean;
}

const names = ["type", "source", "time", "id", "data", "metadata"] as const satisfies readonly (keyof Draft)[];
const knownNames: ReadonlySet<string> = new Set(names);
const printableAscii = /^[\x20-\x7e]+$/;
const maxIdLength = 128;
const maxSourceLength = 256;
/** Above what id, type, source and time take, and the names of the fields. */
const envelopeBytesAtMost = metadataBytesAtMost + maxSourceLength * 6 + 1_024;

/**
 * Checks a draft, fills in what it leaves out and gives the event, or throws: `invalid_event`, `unknown_type`,
 * `event_too_large`. Data are validated by the version that the draft names, and never changed.
 */
export function prepareEvent(draft: Draft, context: PrepareContext): PreparedEvent {
  checkDraft(draft);
  const { type } = draft;
  const definition = definitionOf(type, context.catalog);
  const source = sourceOf(draft, context);
  const event: { type: string; source: string } = { type, source };
  const ownId = draft.id !== undefined;
  const id = draft.id === undefined ? context.nextId() : checkId(draft.id, event);
  const version = draft.metadata?.version;
  const metadata = prepareMetadata(draft.metadata, {
    event,
    id,
    version: version === undefined ? (definition?.version ?? 1) : checkVersion(version, definition, event),
    cause: context.cause,
  });
  const limit = context.maxBytes ?? maxEventBytes;
  const copier = new JsonCopier("data", limit);
  const data = copyData(copier, draft.data, { id, type, source }, limit);
  if (definition !== undefined) checkData(schemaOf(definition, metadata.version), data, event);
  const prepared: Event = Object.freeze({
    id,
    type,
    source,
    time: draft.time === undefined ? formatTime(context.now()) : checkTime(draft.time, event),
    data,
    metadata,
  });
  const bytesAtMost = copier.bytesAtMost + envelopeBytesAtMost + tagBytes(metadata.tags);
  if (bytesAtMost > limit) {
    const size = eventSize(prepared);
    if (size > limit) throw eventTooLarge(prepared, size, limit);
  }
  return { event: prepared, definition, ownId };
}

function checkDraft(draft: unknown): asserts draft is Draft {
  if (typeof draft !== "object" || draft === null || Array.isArray(draft)) {
    throw new BusError("invalid_event", `The draft is ${shortForm(draft)}; give { type, data, … }`);
  }
  for (const name of Object.keys(draft)) {
    if (knownNames.has(name) || Reflect.get(draft, name) === undefined) continue;
    throw new BusError(
      "invalid_event",
      `${shortForm(name)} is no field of a draft${didYouMean(name, names) || ";"} put what is your own into data`,
      { details: { path: name } },
    );
  }
  if (!("type" in draft) || typeof draft.type !== "string") {
    const type = "type" in draft ? shortForm(draft.type) : "missing";
    throw new BusError("invalid_event", `type is ${type}; give the type of the event, such as "task.completed"`, {
      details: { path: "type" },
    });
  }
}

function definitionOf(type: string, catalog: Catalog): EventDefinition | undefined {
  const definition = catalog.resolve(type);
  const problem = definition === undefined ? typeNameProblem(type) : undefined;
  if (problem === undefined) return definition;
  throw new BusError("invalid_event", `type is ${shortForm(type)}, which ${problem}`, { details: { path: "type" } });
}

function sourceOf(draft: Draft, context: PrepareContext): string {
  const source: unknown = draft.source ?? context.source;
  if (isText(source, maxSourceLength) && !source.startsWith("aws.")) return source;
  const problem =
    source === undefined
      ? "is missing; give the draft a source, or the bus one (connect({ source }))"
      : `is ${shortForm(source)}; give 1 to ${maxSourceLength} characters without control characters, not starting with "aws."`;
  throw new BusError("invalid_event", `${draft.type}: source ${problem}`, { details: { path: "source" } });
}

function checkId(id: unknown, event: { type: string; source: string }): string {
  if (typeof id === "string" && id.length <= maxIdLength && printableAscii.test(id)) return id;
  throw invalid(event, "id", id, `give 1 to ${maxIdLength} printable ASCII characters`);
}

function checkTime(time: unknown, event: { type: string; source: string }): string {
  const normal = typeof time === "string" ? normalizeTime(time) : undefined;
  if (normal !== undefined) return normal;
  const fix =
    time instanceof Date ? "use `.toISOString()`" : "give RFC 3339 with an offset, such as 2026-01-31T12:00:00Z";
  throw invalid(event, "time", time, fix);
}

function checkVersion(
  version: unknown,
  definition: EventDefinition | undefined,
  event: { type: string; source: string },
): number {
  const known = definition && [...definition.older.map((older) => older.version), definition.version];
  if (
    typeof version === "number" &&
    Number.isSafeInteger(version) &&
    version >= 1 &&
    (known?.includes(version) ?? true)
  ) {
    return version;
  }
  throw invalid(
    event,
    "metadata.version",
    version,
    `give ${known?.join(" or ") ?? "an integer from 1"}, or leave it out`,
  );
}

/** `version` is one that the definition has. */
function schemaOf(definition: EventDefinition, version: number): EventDefinition["schema"] {
  if (version === definition.version) return definition.schema;
  return definition.older.find((older) => older.version === version)?.data ?? definition.schema;
}

function copyData(
  copier: JsonCopier,
  data: unknown,
  event: { id: string; type: string; source: string },
  limit: number,
): Json {
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    throw invalid(event, "data", data, "give an object");
  }
  try {
    return copier.copy(data);
  } catch (thrown) {
    if (thrown instanceof TooLarge) throw eventTooLarge(event, "more", limit);
    if (thrown instanceof BusError) {
      throw new BusError(thrown.code, `${event.type} from ${event.source}: ${thrown.message}`, {
        cause: thrown.cause,
        details: { ...thrown.details, type: event.type, source: event.source },
      });
    }
    throw thrown;
  }
}

function tagBytes(tags: readonly string[] | undefined): number {
  return tags === undefined ? 0 : tags.reduce((bytes, tag) => bytes + tag.length * 6 + 3, 0);
}

function invalid(event: { type: string; source: string }, path: string, value: unknown, fix: string): BusError {
  const form = value === undefined ? "missing" : shortForm(value);
  return new BusError("invalid_event", `${event.type} from ${event.source}: ${path} is ${form}; ${fix}`, {
    details: { path },
  });
}
