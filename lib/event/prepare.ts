import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
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
import { checkData, type EventName, fieldError, invalidField } from "./validate.ts";

/** The context in which a draft becomes an event. */
export interface PrepareContext {
  readonly catalog: Pick<Catalog, "resolve">;
  /** The source of drafts that have none. */
  readonly source: string | undefined;
  /** Returns the time in milliseconds since 1970. */
  now(): number;
  /** Returns a new id; `at` is the time now, where it is known. */
  nextId(at?: number): string;
  /** The event being handled, if a handler publishes. */
  readonly cause?: Event | undefined;
  /** When it is to be delivered, where the draft's metadata do not say. */
  readonly deliverAt?: string | Date | undefined;
  /** Default {@link maxEventBytes}. */
  readonly maxBytes?: number;
}

/** The event made from a draft. */
export interface PreparedEvent {
  /** Deeply frozen; shares nothing with the draft. */
  readonly event: Event;
  /** Absent for types that need none. */
  readonly definition: EventDefinition | undefined;
  /** Whether the caller set the id. */
  readonly ownId: boolean;
}

const names = ["type", "source", "time", "id", "data", "metadata"] as const satisfies readonly (keyof Draft)[];
const knownNames: ReadonlySet<string> = new Set(names);
const printableAscii = /^[\x20-\x7e]+$/;
const maxIdLength = 128;
const maxSourceLength = 256;
/** An upper bound on metadata without tags, id, type, source, time and the names of the fields. */
const envelopeBytesAtMost = metadataBytesAtMost + maxSourceLength * 6 + 1_024;

/**
 * Validates a draft, fills in what it omits and returns the event. Throws `invalid_event`, `unknown_type` or
 * `event_too_large`. The data is validated by the version that the draft names, and never changed.
 */
export function prepareEvent(draft: object, context: PrepareContext): PreparedEvent {
  try {
    return prepare(draft, context);
  } catch (thrown) {
    if (thrown instanceof BusError) throw thrown;
    // The caller's getters and proxies may throw anything.
    throw new BusError("invalid_event", `the draft cannot be read: ${shortForm(thrown)}; use plain data`, {
      cause: thrown,
    });
  }
}

function prepare(given: object, context: PrepareContext): PreparedEvent {
  checkDraft(given);
  // Each field is read once, because a getter could return another value after the check.
  const { type, id: ownId, time, metadata: draftMetadata } = given;
  const definition = definitionOf(type, context.catalog);
  const source = checkSource(given.source ?? context.source, type);
  const event: EventName = { type, source };
  // The time is read before the id is made: the id holds the time of acceptance, which must not precede the event's time.
  const now = time === undefined ? context.now() : undefined;
  const happened = now === undefined ? undefined : formatTime(now);
  const id = ownId === undefined ? context.nextId(now) : checkId(ownId, event);
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
  if (!isObject(draft)) {
    throw new BusError("invalid_event", `the draft ${mustBe("an object such as { type, data }", draft)}`);
  }
  for (const name of Object.keys(draft)) {
    if (knownNames.has(name) || Reflect.get(draft, name) === undefined) continue;
    throw new BusError(
      "invalid_event",
      `unknown field ${shortForm(name)} in the draft${didYouMean(name, names, "put your own fields into data")}`,
      { details: { path: name } },
    );
  }
}

function isObject(draft: unknown): draft is Partial<Draft> {
  return typeof draft === "object" && draft !== null && !Array.isArray(draft);
}

function definitionOf(type: unknown, catalog: PrepareContext["catalog"]): EventDefinition | undefined {
  if (typeof type !== "string") {
    throw new BusError("invalid_event", `type ${mustBe('a string such as "task.completed"', type)}`, {
      details: { path: "type" },
    });
  }
  const definition = catalog.resolve(type);
  const problem = definition === undefined ? typeNameProblem(type) : undefined;
  if (problem === undefined) return definition;
  throw new BusError("invalid_event", `type ${problem}`, { details: { path: "type" } });
}

function checkSource(source: unknown, type: string): string {
  if (isText(source, maxSourceLength) && !source.startsWith("aws.")) return source;
  throw new BusError("invalid_event", `${type}: source ${sourceProblem(source)}`, { details: { path: "source" } });
}

function sourceProblem(source: unknown): string {
  if (source === undefined) return "is missing; set it in the draft, or for the whole bus with connect({ source })";
  if (isText(source, maxSourceLength)) return `must not start with "aws.", but is ${shortForm(source)}`;
  return mustBe(`a string of 1 to ${maxSourceLength} characters without control characters`, source);
}

function checkId(id: unknown, event: EventName): string {
  if (typeof id === "string" && id.length <= maxIdLength && printableAscii.test(id)) return id;
  throw invalidField(event, "id", id, `a string of 1 to ${maxIdLength} printable ASCII characters`);
}

function checkTime(time: unknown, event: EventName): string {
  const normal = typeof time === "string" ? normalizeTime(time) : undefined;
  if (normal !== undefined) return normal;
  const expected = "an RFC 3339 time with an offset, such as 2026-01-31T12:00:00Z";
  const hint = time instanceof Date ? "; use `.toISOString()`" : "";
  throw fieldError(event, "time", `${mustBe(expected, time)}${hint}`);
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
  throw invalidField(event, "metadata.version", version, known?.join(" or ") ?? "an integer from 1");
}

/** Returns the schema of a version that the definition has. */
function schemaOf(definition: EventDefinition, version: number): EventDefinition["schema"] {
  if (version === definition.version) return definition.schema;
  return definition.older.find((older) => older.version === version)?.data ?? definition.schema;
}

function copyData(copier: JsonCopier, data: unknown, event: EventName & { readonly id: string }, limit: number): Json {
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    throw invalidField(event, "data", data, "an object");
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
