import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import type { Catalog } from "./catalog.ts";
import { JsonCopier, TooLarge } from "./copy-json.ts";
import type { EventDefinition } from "./definition.ts";
import type { Draft, Event } from "./event.ts";
import type { Json } from "./json.ts";
import { isText, metadataBytesAtMost, prepareMetadata } from "./metadata.ts";
import { didYouMean } from "./nearest.ts";
import { eventSize, eventTooLarge, maxEventBytes } from "./size.ts";
import { formatTime, normalizeTime } from "./time.ts";
import { typeNameProblem } from "./type-name.ts";
import { checkData, type EventName, invalidField } from "./validate.ts";

/** What a draft is made an event with. */
export interface PrepareContext {
  readonly catalog: Pick<Catalog, "resolve">;
  /** For drafts without one. */
  readonly source: string | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  nextId(): string;
  /** The event being handled, where a handler publishes. */
  readonly cause?: Event | undefined;
  /** When it is to be delivered, where the draft's metadata do not say. */
  readonly deliverAt?: string | Date | undefined;
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
export function prepareEvent(draft: object, context: PrepareContext): PreparedEvent {
  try {
    return prepare(draft, context);
  } catch (thrown) {
    if (thrown instanceof BusError) throw thrown;
    // Getters and proxies of the caller's may throw anything.
    throw new BusError("invalid_event", `The draft cannot be read: ${shortForm(thrown)}; give plain data`, {
      cause: thrown,
    });
  }
}

function prepare(given: object, context: PrepareContext): PreparedEvent {
  checkDraft(given);
  // Read once each: a getter could give another value after it was checked.
  const { type, id: ownId, time, metadata: draftMetadata } = given;
  const definition = definitionOf(type, context.catalog);
  const source = checkSource(given.source ?? context.source, type);
  const event: EventName = { type, source };
  // Before the id, which says when the bus took it: nothing is taken before it happened.
  const happened = time === undefined ? formatTime(context.now()) : undefined;
  const id = ownId === undefined ? context.nextId() : checkId(ownId, event);
  const version = draftMetadata?.version;
  const metadata = prepareMetadata(draftMetadata, {
    event,
    id,
    version: version === undefined ? (definition?.version ?? 1) : checkVersion(version, definition, event),
    cause: context.cause,
    deliverAt: context.deliverAt,
    now: context.now,
  });
  const limit = context.maxBytes ?? maxEventBytes;
  const copier = new JsonCopier("data", limit);
  const data = copyData(copier, given.data, { id, type, source }, limit);
  if (definition !== undefined) checkData(schemaOf(definition, metadata.version), data, event);
  const prepared: Event = Object.freeze({
    id,
    type,
    source,
    time: happened ?? checkTime(time, event),
    data,
    metadata,
  });
  const bytesAtMost = copier.bytesAtMost + envelopeBytesAtMost + tagBytes(metadata.tags);
  if (bytesAtMost > limit) {
    const size = eventSize(prepared);
    if (size > limit) throw eventTooLarge(prepared, size, limit);
  }
  return { event: prepared, definition, ownId: ownId !== undefined };
}

function checkDraft(draft: unknown): asserts draft is Draft {
  if (!isObject(draft)) throw new BusError("invalid_event", `The draft is ${shortForm(draft)}; give { type, data, … }`);
  for (const name of Object.keys(draft)) {
    if (knownNames.has(name) || Reflect.get(draft, name) === undefined) continue;
    throw new BusError(
      "invalid_event",
      `${shortForm(name)} is no field of a draft${didYouMean(name, names, "put what is your own into data")}`,
      { details: { path: name } },
    );
  }
}

function isObject(draft: unknown): draft is Partial<Draft> {
  return typeof draft === "object" && draft !== null && !Array.isArray(draft);
}

function definitionOf(type: unknown, catalog: PrepareContext["catalog"]): EventDefinition | undefined {
  if (typeof type !== "string") {
    const form = type === undefined ? "missing" : shortForm(type);
    throw new BusError("invalid_event", `type is ${form}; give the type of the event, such as "task.completed"`, {
      details: { path: "type" },
    });
  }
  const definition = catalog.resolve(type);
  const problem = definition === undefined ? typeNameProblem(type) : undefined;
  if (problem === undefined) return definition;
  throw new BusError("invalid_event", `type is ${shortForm(type)}, which ${problem}`, { details: { path: "type" } });
}

function checkSource(source: unknown, type: string): string {
  if (isText(source, maxSourceLength) && !source.startsWith("aws.")) return source;
  const problem =
    source === undefined
      ? "is missing; give the draft a source, or the bus one (connect({ source }))"
      : `is ${shortForm(source)}; give 1 to ${maxSourceLength} characters without control characters, not starting with "aws."`;
  throw new BusError("invalid_event", `${type}: source ${problem}`, { details: { path: "source" } });
}

function checkId(id: unknown, event: EventName): string {
  if (typeof id === "string" && id.length <= maxIdLength && printableAscii.test(id)) return id;
  throw invalidField(event, "id", id, `give 1 to ${maxIdLength} printable ASCII characters`);
}

function checkTime(time: unknown, event: EventName): string {
  const normal = typeof time === "string" ? normalizeTime(time) : undefined;
  if (normal !== undefined) return normal;
  const fix =
    time instanceof Date ? "use `.toISOString()`" : "give RFC 3339 with an offset, such as 2026-01-31T12:00:00Z";
  throw invalidField(event, "time", time, fix);
}

function checkVersion(version: unknown, definition: EventDefinition | undefined, event: EventName): number {
  const known = definition && [...definition.older.map((older) => older.version), definition.version];
  if (
    typeof version === "number" &&
    Number.isSafeInteger(version) &&
    version >= 1 &&
    (known?.includes(version) ?? true)
  ) {
    return version;
  }
  throw invalidField(
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

function copyData(copier: JsonCopier, data: unknown, event: EventName & { readonly id: string }, limit: number): Json {
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    throw invalidField(event, "data", data, "give an object");
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
