import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import type { ByType, EventDefinition } from "./definition.ts";
import type { Event } from "./event.ts";
import type { JsonObject } from "./json.ts";
import { jsonSchemaOf, jsonSchemaOfAll } from "./json-schema.ts";
import { didYouMean, nearest } from "./nearest.ts";
import { isCustomType } from "./type-name.ts";
import { upcastEvent } from "./upcast.ts";

declare const eventsType: unique symbol;

/** A set of definitions, one a type. Immutable. `Events` maps each type to its data, for inference. */
export interface Catalog<Events = unknown> {
  /** Whether types without a definition are taken; those of `custom.*` always are. */
  readonly open: boolean;
  get(type: string): EventDefinition | undefined;
  /** All types, in alphabetical order. */
  types(): readonly string[];
  /** The definition, or `undefined` where none is needed. `unknown_type`, with the nearest known name, where one is. */
  resolve(type: string): EventDefinition | undefined;
  /** JSON Schema 2020-12 of one type's data (`unknown_type`), or one document with those of all types in `$defs`. */
  jsonSchema(type?: string): JsonObject;
  /**
   * The event with its data in the newest version of its type; the same object where it is already. `invalid_event` where
   * its version is neither the newest nor one of `older`, or where an upcast gives what the newest schema refuses.
   */
  upcast(event: Event): Event;
  /** A new catalog with these besides, as open as this one. `invalid_config` where a type is there already. */
  extend<const More extends Definitions>(definitions: More): Catalog<Events & EventsOf<More>>;
  /** Carries `Events`; no value at run time. */
  readonly [eventsType]?: Events;
}

/** Definitions as a list, or as an object or module that holds nothing else. */
export type Definitions = Iterable<EventDefinition> | Readonly<Record<string, EventDefinition>>;

/** Maps each type of a list, object or module of definitions to its data. */
export type EventsOf<Given> =
  Given extends Iterable<infer One> ? { [Type in TypeOf<One>]: DataOf<Extract<One, { type: Type }>> } : ByType<Given>;

type TypeOf<Definition> = Definition extends EventDefinition<infer Type> ? Type : never;
type DataOf<Definition> = Definition extends EventDefinition<string, infer Data> ? Data : never;

/** What {@link createCatalog} may be told. */
export interface CatalogOptions {
  /** Takes any type, also without a definition. Default false: a mistyped name is refused. */
  open?: boolean;
}

/** Puts definitions together. `invalid_config` where two have the same type. */
export function createCatalog<const Given extends Definitions>(
  definitions: Given,
  options: CatalogOptions = {},
): Catalog<EventsOf<Given>> {
  return catalogOf(definitions, options);
}

function catalogOf(definitions: Definitions, options: CatalogOptions): Catalog<never> {
  const open = options.open ?? false;
  const byType = new Map<string, EventDefinition>();
  for (const definition of listOf(definitions)) {
    if (byType.has(definition.type)) {
      throw new BusError(
        "invalid_config",
        `The catalog has two definitions of "${definition.type}"; keep one, or make one an older version of the other`,
        { details: { type: definition.type } },
      );
    }
    byType.set(definition.type, definition);
  }
  const types = Object.freeze([...byType.keys()].sort());

  function unknownType(type: string): BusError {
    return new BusError(
      "unknown_type",
      `No definition of the type ${shortForm(type)}${didYouMean(type, types, "define it with defineEvent and add it to the catalog, name it custom.*, or open the catalog")}`,
      { details: { type, nearest: nearest(type, types) } },
    );
  }

  return Object.freeze({
    open,
    get: (type: string) => byType.get(type),
    types: () => types,
    resolve(type: string) {
      const definition = byType.get(type);
      if (definition === undefined && !open && !isCustomType(type)) throw unknownType(type);
      return definition;
    },
    jsonSchema(type?: string) {
      if (type === undefined) return jsonSchemaOfAll(types.flatMap((known) => byType.get(known) ?? []));
      const definition = byType.get(type);
      if (definition === undefined) throw unknownType(type);
      return jsonSchemaOf(definition);
    },
    upcast(event: Event) {
      const definition = byType.get(event.type);
      if (definition === undefined || definition.version === event.metadata.version) return event;
      return upcastEvent(event, definition);
    },
    extend: (more: Definitions) => catalogOf([...byType.values(), ...listOf(more)], { open }),
  });
}

function listOf(definitions: Definitions): Iterable<EventDefinition> {
  return isIterable(definitions) ? definitions : Object.values(definitions);
}

function isIterable(definitions: Definitions): definitions is Iterable<EventDefinition> {
  return Symbol.iterator in definitions;
}
