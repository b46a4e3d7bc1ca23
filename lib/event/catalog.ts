import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { readable } from "../error/readable.ts";
import { shortForm } from "../error/short-form.ts";
import type { OpenEvents } from "./data-types.ts";
import { type ByType, type EventDefinition, isDefinition } from "./definition.ts";
import type { Event } from "./event.ts";
import type { JsonObject } from "./json.ts";
import { jsonSchemaOf, jsonSchemaOfAll } from "./json-schema.ts";
import { didYouMean, nearest } from "./nearest.ts";
import { isCustomType } from "./type-name.ts";
import { upcastEvent } from "./upcast.ts";

declare const eventsType: unique symbol;

/** An immutable set of definitions, one per type. `Events` maps each type to its data, for inference. */
export interface Catalog<Events = unknown> {
  /** Whether types without a definition are accepted. Types of `custom.*` always are. */
  readonly open: boolean;
  /** Returns the definition of a type, or `undefined` if the catalog has none. */
  get(type: string): EventDefinition | undefined;
  /** Returns all types in alphabetical order. */
  types(): readonly string[];
  /**
   * Returns the definition of a type, or `undefined` if the type needs none. Throws `unknown_type`, with the nearest known
   * name, if it needs one and has none.
   */
  resolve(type: string): EventDefinition | undefined;
  /**
   * Returns the JSON Schema 2020-12 of one type's data, or one document with the schemas of all types in `$defs`. Throws
   * `unknown_type`.
   */
  jsonSchema(type?: string): JsonObject;
  /**
   * Returns the event with its data in the newest version of its type, or the same object if it already has it. Throws
   * `invalid_event` if its version is neither the newest nor one of `older`, or if an upcast returns data that the newest
   * schema refuses.
   */
  upcast(event: Event): Event;
  /**
   * Returns a new catalog with these definitions added, as open as this one. Throws `invalid_config` if a type is already
   * defined.
   */
  extend<const More extends Definitions>(definitions: More): Catalog<Events & EventsOf<More>>;
  /** Carries `Events` for inference; has no value at run time. */
  readonly [eventsType]?: Events;
}

/** Definitions as an iterable, or as an object or module whose values are all definitions. */
export type Definitions = Iterable<EventDefinition> | Readonly<Record<string, EventDefinition>>;

/** Maps each type of a list, object or module of definitions to its data. */
export type EventsOf<Given> =
  Given extends Iterable<infer One> ? { [Type in TypeOf<One>]: DataOf<Extract<One, { type: Type }>> } : ByType<Given>;

type TypeOf<Definition> = Definition extends EventDefinition<infer Type> ? Type : never;
type DataOf<Definition> = Definition extends EventDefinition<string, infer Data> ? Data : never;

/** Options of {@link createCatalog}. */
export interface CatalogOptions<Open extends boolean = boolean> {
  /** Accepts any type, even without a definition. Default false: a mistyped name is refused. */
  open?: Open;
}

/** Creates a catalog from definitions. Throws `invalid_config` if two have the same type. */
export function createCatalog<const Given extends Definitions, Open extends boolean = false>(
  definitions: Given,
  options: CatalogOptions<Open> = {},
): Catalog<Open extends true ? EventsOf<Given> & OpenEvents : EventsOf<Given>> {
  return catalogOf(definitions, isOpen(options));
}

/** The one option. */
function isOpen(options: CatalogOptions): boolean {
  return readable("createCatalog: the options", () => {
    const [unknown] = Object.keys(options ?? {}).filter((name) => name !== "open");
    if (typeof options !== "object" || options === null || unknown !== undefined) {
      const problem =
        unknown === undefined ? mustBe("an object such as { open: true }", options) : `have no ${unknown}`;
      throw new BusError("invalid_config", `createCatalog: the options ${problem}`);
    }
    const { open = false } = options;
    if (typeof open === "boolean") return open;
    throw new BusError("invalid_config", `createCatalog: open ${mustBe("a boolean", open)}`);
  });
}

function catalogOf(definitions: Definitions, open: boolean): Catalog<never> {
  const byType = new Map<string, EventDefinition>();
  for (const definition of listOf(definitions)) {
    if (byType.has(definition.type)) {
      throw new BusError(
        "invalid_config",
        `the catalog has two definitions of "${definition.type}"; remove one, or make it an older version of the other`,
        { details: { type: definition.type } },
      );
    }
    byType.set(definition.type, definition);
  }
  const types = Object.freeze([...byType.keys()].sort());

  function unknownType(type: unknown): BusError {
    if (typeof type !== "string") return new BusError("unknown_type", `the type ${mustBe("a string", type)}`);
    return new BusError(
      "unknown_type",
      `unknown type ${shortForm(type)}${didYouMean(type, types, "define it with defineEvent and add it to the catalog, name it custom.*, or open the catalog")}`,
      { details: { type, nearest: nearest(type, types) } },
    );
  }

  return Object.freeze({
    open,
    get: (type: string) => byType.get(type),
    types: () => types,
    resolve(type: string) {
      const definition = byType.get(type);
      if (definition === undefined && (typeof type !== "string" || !(open || isCustomType(type)))) {
        throw unknownType(type);
      }
      return definition;
    },
    jsonSchema(type?: string) {
      if (type === undefined) return jsonSchemaOfAll(types.flatMap((known) => byType.get(known) ?? []));
      const definition = byType.get(type);
      if (definition === undefined) throw unknownType(type);
      return jsonSchemaOf(definition);
    },
    upcast(event: Event) {
      try {
        const { type, metadata } = event;
        const definition = byType.get(type);
        if (definition === undefined || definition.version === metadata.version) return event;
        return upcastEvent(event, definition);
      } catch (thrown) {
        if (thrown instanceof BusError) throw thrown;
        throw new BusError("invalid_event", `upcast: the event ${mustBe("an event of a bus", event)}`, {
          cause: thrown,
        });
      }
    },
    extend: (more: Definitions) => catalogOf([...byType.values(), ...listOf(more)], open),
  });
}

/** Each is checked: a value that is no definition would fail much later. */
function listOf(definitions: Definitions): readonly EventDefinition[] {
  return readable("catalog: the definitions", () => {
    if (typeof definitions !== "object" || definitions === null) {
      throw new BusError("invalid_config", `catalog: the definitions ${mustBe(someDefinitions, definitions)}`);
    }
    const list: unknown[] = isIterable(definitions) ? [...definitions] : Object.values(definitions);
    return list.map((one) => {
      if (isDefinition(one)) return one;
      throw new BusError("invalid_config", `catalog: a definition ${mustBe("what defineEvent gives", one)}`);
    });
  });
}

const someDefinitions = "a list, or an object or module whose values are all definitions";

function isIterable(definitions: Definitions): definitions is Iterable<EventDefinition> {
  return Symbol.iterator in definitions;
}
